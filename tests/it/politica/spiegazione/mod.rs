//! ExplainAccess over the real server.

mod celle;
mod proposte;
mod titoli;

use omnia::contract::proto::{
    ExplainAccessRequest, ExplainAccessResponse, Spiegazione, explain_access_request::Chi,
};
use tonic::Status;

use crate::servizio::Cliente;

const LIST: &str = "DecreeService/ListDecrees";

/// A question about a subject.
fn soggetto(soggetto: &str, rpc: &str) -> ExplainAccessRequest {
    ExplainAccessRequest {
        chi: Some(Chi::Soggetto(soggetto.into())),
        rpc: rpc.into(),
        ..Default::default()
    }
}

/// A question about a profile.
fn profilo(profilo: &str, rpc: &str) -> ExplainAccessRequest {
    ExplainAccessRequest {
        chi: Some(Chi::Profilo(profilo.into())),
        ..soggetto("", rpc)
    }
}

async fn rispondi(
    controllo: &Cliente,
    request: ExplainAccessRequest,
) -> Result<ExplainAccessResponse, Status> {
    let mut accesso = controllo.accesso.clone();
    Ok(accesso.explain_access(request).await?.into_inner())
}

async fn spiega(controllo: &Cliente, request: ExplainAccessRequest) -> Spiegazione {
    let answer = rispondi(controllo, request).await.unwrap();
    answer.spiegazione.unwrap()
}
