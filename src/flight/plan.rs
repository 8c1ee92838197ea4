//! A flight in the making: what it holds, and where it is cut into endpoints.
//!
//! The control totals are counted here, once, and travel in the tickets: every stream of the flight says them. Endpoints
//! begin and end where stored blocks do, so that each is read from blocks. Rows that are not read from blocks (few, found
//! by an index) are one endpoint.

use crate::{
    blocks::{cursor::Cursor, sums::ControlTotals},
    decreto::{query::DetailReader, reader::SelectionParts},
    error::Result,
};

/// Endpoints at most: more readers than this take each other's place on the server.
const PARTS: usize = 4;

/// A planned flight.
#[derive(Debug)]
pub(super) struct FlightPlan {
    /// Over the whole selection.
    pub(super) totali: ControlTotals,
    /// After which position each endpoint begins, and with which it ends; in reading order.
    pub(super) parts: Vec<(Option<Cursor>, Option<Cursor>)>,
}

/// Plans a selection.
///
/// # Errors
/// The database's.
pub(super) async fn plan(reader: &DetailReader, batch_rows: u32) -> Result<FlightPlan> {
    let SelectionParts { totali, cuts } = reader.parts(batch_rows, PARTS).await?;
    let totali = match totali {
        Some(totali) => totali,
        None => reader.totali().await?,
    };
    let mut begin = None;
    let mut parts = Vec::with_capacity(cuts.len() + 1);
    for cut in cuts {
        parts.push((begin.replace(cut.clone()), Some(cut)));
    }
    parts.push((begin, None));
    Ok(FlightPlan { totali, parts })
}
