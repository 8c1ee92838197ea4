//! What the page of a year asks.

pub(super) const ANDAMENTO: &str = "MonitoraggioService/GetAndamento";
pub(super) const PROIEZIONE: &str = "MonitoraggioService/GetProiezione";
