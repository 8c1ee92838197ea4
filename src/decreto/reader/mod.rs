//! The reader of the detail: from a selection to its rows, batch after batch. Exports, downloads and flights are made of it.
//!
//! ```text
//! where blocks are stored for the selection (`block_range`):
//!     for each of them, fetched a few ahead, each by a task of its own (`read_ahead`):
//!         its rows that are selected (`row_filter`)
//!         with those left over from the blocks before, as long as they are no more than a batch holds  ──► RowBatch
//!     the blocks are gone: they were made again. From the top, after the last batch
//! else, or after a position where no block ends:
//!     for each page of rows (`row_pages`)  ──► RowBatch
//! a norm that was read whole: its rows are what the load noted, or the reading fails (`reconcile`)
//! ```
//!
//! That loop is `row_batches`, the task of a reading. It makes a batch once there is room for it, so that one is ready while the one
//! before is sent, and a client that reads slowly holds a few blocks in memory and nothing in the database.
//!
//! A block serves a selection that sees every column (natural persons masked or not) and filters by nothing but periodo and
//! codifica. It is skipped where its ranges say that nothing in it matches, and sent whole where they say that everything
//! does; else its rows are looked at one by one. The other filters name one decree or one employer: a few rows, which their
//! index finds.
//!
//! ```text
//! periodo 2024          block 0: 2022-01-01 … 2023-11-30      skipped, by its row
//!                       block 1: 2023-06-01 … 2024-08-31      row by row
//!                       block 2: all of it in 2024            as it is
//! ```
//!
//! A batch ends where a block ends, so that the next one can begin with a block.
//!
//! Nothing of a series is sent before it is known to be what the load made, and no bytes that are not those that were stored
//! ([`crate::blocks::stored`]): an export ends with DATA_LOSS.
//!
//! A flight sends stored record batches where there are any for its selection (`ready_batches`), and is cut into parts where blocks
//! end (`parts`).

mod block_conditions;
mod block_range;
mod parts;
mod read_ahead;
mod ready_batches;
mod reconcile;
mod row_batches;
mod row_filter;
mod row_pages;

pub use parts::SelectionParts;
pub use ready_batches::{ReadyBatch, ReadyBatches};
pub use row_batches::RowBatches;
