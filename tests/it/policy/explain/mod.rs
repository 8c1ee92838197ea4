//! ExplainAccess over the real server.

mod cells;
mod grants;
mod proposals;

use omnia::contract::proto::{
    ExplainAccessRequest, ExplainAccessResponse, Spiegazione, explain_access_request::Chi,
};
use tonic::Status;

use crate::server::CallerClients;

const LIST: &str = "DecreeService/ListDecrees";

/// A question about a subject.
fn of_soggetto(soggetto: &str, rpc: &str) -> ExplainAccessRequest {
    ExplainAccessRequest {
        chi: Some(Chi::Soggetto(soggetto.into())),
        rpc: rpc.into(),
        ..Default::default()
    }
}

/// A question about a profile.
fn of_profilo(profilo: &str, rpc: &str) -> ExplainAccessRequest {
    ExplainAccessRequest {
        chi: Some(Chi::Profilo(profilo.into())),
        ..of_soggetto("", rpc)
    }
}

async fn ask(
    auditor: &CallerClients,
    request: ExplainAccessRequest,
) -> Result<ExplainAccessResponse, Status> {
    let mut access = auditor.access.clone();
    Ok(access.explain_access(request).await?.into_inner())
}

async fn explain(auditor: &CallerClients, request: ExplainAccessRequest) -> Spiegazione {
    let answer = ask(auditor, request).await.unwrap();
    answer.spiegazione.unwrap()
}
