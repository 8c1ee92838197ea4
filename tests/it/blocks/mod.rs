//! The stored blocks: that they say what the rows say, that they are used, and what happens when they are not as they should be.

mod command;
mod damage;
mod paths;
mod rebuilt;

use omnia::contract::proto::{
    ExportDecreesRequest, ExportDecreesResponse, FiltroDecreti, export_decrees_response::Parte,
};
use tonic::Status;

use crate::{model::NORMATIVE, server::CallerClients};

/// Every message of an export, or what it ended with.
pub(super) async fn export(
    client: &mut CallerClients,
    normativa: &str,
    filtro: FiltroDecreti,
    rilevazione: i32,
    resume_token: &str,
) -> Result<Vec<ExportDecreesResponse>, Status> {
    let request = ExportDecreesRequest {
        normativa: normativa.to_owned(),
        filtro: Some(filtro),
        rilevazione,
        resume_token: resume_token.to_owned(),
    };
    let mut stream = client.decreti.export_decrees(request).await?.into_inner();
    let mut messages = Vec::new();
    while let Some(message) = stream.message().await? {
        messages.push(message);
    }
    Ok(messages)
}

/// All the rows of the first norm.
pub(super) async fn export_all(
    client: &mut CallerClients,
) -> Result<Vec<ExportDecreesResponse>, Status> {
    export(client, NORMATIVE[0], FiltroDecreti::default(), 0, "").await
}

pub(super) fn lotti(
    messages: &[ExportDecreesResponse],
) -> Vec<&omnia::contract::proto::LottoExport> {
    let parte = |message: &'_ ExportDecreesResponse| message.parte.is_some();
    assert!(messages.iter().all(parte));
    messages
        .iter()
        .filter_map(|message| match message.parte.as_ref()? {
            Parte::Lotto(lotto) => Some(lotto),
            _ => None,
        })
        .collect()
}
