//! The pages, each a file: what it asks the service, and what it shows.

mod accesso;
mod andamento;
mod capienza;
mod confronto;
mod context;
mod dettaglio;
mod download;
mod selection;
mod sintesi;
mod table;
mod words;

use http::request::Parts;
use tonic::body::Body;

use self::context::Answered;
pub(super) use self::context::PageContext;
use super::route::SitePage;

/// Answers for a page.
pub(super) async fn answer(
    page: SitePage,
    context: &PageContext,
    asked: &Parts,
    body: Body,
) -> Answered {
    match page {
        SitePage::Sintesi => sintesi::page(context).await,
        SitePage::SintesiFile => download::sintesi(context, asked).await,
        SitePage::Dettaglio(norm) => dettaglio::page(context, &norm).await,
        SitePage::DettaglioRicerca(norm) => dettaglio::search(context, &norm, asked, body).await,
        SitePage::DettaglioFile(norm) => download::dettaglio(context, &norm, asked).await,
        SitePage::Accesso => accesso::page(context).await,
        SitePage::Confronto => confronto::page(context).await,
        SitePage::ConfrontoRighe => confronto::rows_page(context).await,
        SitePage::ConfrontoFile => download::confronto(context, asked).await,
        SitePage::Andamento => andamento::page(context).await,
        SitePage::Capienza => capienza::page(context).await,
    }
}
