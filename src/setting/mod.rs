//! What the settings of all rooms share: how a value is checked, how a list is written.
//!
//! Each room has its settings in a `settings.rs` of its own; [`config`](crate::config) puts them together and reads them.

pub(crate) mod list;
mod range;

pub(crate) use self::range::{Checked, not_blank, within};
