//! The catalogues and the caps, as files of this folder.

pub(super) const NORMATIVE: &str = include_str!("normative.csv");
pub(super) const PRESTAZIONI: &str = include_str!("prestazioni.csv");
pub(super) const STANZIAMENTI: &str = include_str!("stanziamenti.csv");
