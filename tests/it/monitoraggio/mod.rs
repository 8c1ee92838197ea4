//! The caps over time, against a model that goes day by day.

mod andamento;
mod confronto;
mod differenze;
mod invented_year;
mod lasting;
mod proiezione;
mod refusals;
mod storia;
mod tiraggio;
mod worked_example;

use omnia::contract::proto::{
    GetAndamentoRequest, GetAndamentoResponse, GetStoriaRequest, GetStoriaResponse,
};
use tonic::Status;

use crate::server::CallerClients;

async fn andamento(
    client: &mut CallerClients,
    request: GetAndamentoRequest,
) -> Result<GetAndamentoResponse, Status> {
    let answer = client.monitoraggio.get_andamento(request).await?;
    Ok(answer.into_inner())
}

async fn storia(client: &mut CallerClients, rilevazione: i32) -> Result<GetStoriaResponse, Status> {
    let request = GetStoriaRequest {
        rilevazione,
        ..Default::default()
    };
    let answer = client.monitoraggio.get_storia(request).await?;
    Ok(answer.into_inner())
}
