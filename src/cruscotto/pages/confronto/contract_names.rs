//! What the pages of a comparison ask, and where they are.

use crate::{contract::proto::FiltroMonitoraggio, cruscotto::query::Query};

pub(super) const COMPARE: &str = "MonitoraggioService/ConfrontaRilevazioni";
pub(super) const EXPORT: &str = "MonitoraggioService/ExportDifferenze";
pub(super) const DOWNLOAD: &str = "MonitoraggioService/DownloadDifferenze";
pub(super) const PATH: &str = "/cruscotto/confronto";
pub(super) const ROWS_PATH: &str = "/cruscotto/confronto/righe";
pub(super) const FILE_PATH: &str = "/cruscotto/confronto/file";

/// The filters of a query. `None`: everything in the scope of the user.
pub(super) fn filtro(query: &Query) -> Option<FiltroMonitoraggio> {
    let filtro = FiltroMonitoraggio {
        normativa: query.all("normativa"),
        prestazione: query.all("prestazione"),
    };
    (filtro != FiltroMonitoraggio::default()).then_some(filtro)
}
