//! The peer: a tonic server without layers whose answer is empty.

use omnia::contract::proto::{
    DownloadReportSinteticoRequest, DownloadReportSinteticoResponse, ExplainAccessRequest,
    ExplainAccessResponse, GetMyAccessRequest, GetMyAccessResponse, GetReportSinteticoRequest,
    GetReportSinteticoResponse, ListNormativeRequest, ListNormativeResponse,
    ListPrestazioniRequest, ListPrestazioniResponse, ListRilevazioniRequest,
    ListRilevazioniResponse,
    access_service_server::{AccessService, AccessServiceServer},
    report_service_server::{ReportService, ReportServiceServer},
};
use omnia::grpc::stream_task::ResponseStream;
use tokio::net::TcpListener;
use tonic::{
    Request, Response, Status,
    transport::{Server, server::TcpIncoming},
};

/// Set in the environment of the process that is the peer.
pub const ROLE: &str = "OMNIA_BENCH_PEER";

struct ConstantPeer;

#[tonic::async_trait]
impl AccessService for ConstantPeer {
    async fn get_my_access(
        &self,
        _: Request<GetMyAccessRequest>,
    ) -> Result<Response<GetMyAccessResponse>, Status> {
        Ok(Response::new(GetMyAccessResponse::default()))
    }

    async fn explain_access(
        &self,
        _: Request<ExplainAccessRequest>,
    ) -> Result<Response<ExplainAccessResponse>, Status> {
        Ok(Response::new(ExplainAccessResponse::default()))
    }
}

#[tonic::async_trait]
impl ReportService for ConstantPeer {
    async fn get_report_sintetico(
        &self,
        _: Request<GetReportSinteticoRequest>,
    ) -> Result<Response<GetReportSinteticoResponse>, Status> {
        Ok(Response::new(GetReportSinteticoResponse::default()))
    }

    type DownloadReportSinteticoStream = ResponseStream<DownloadReportSinteticoResponse>;

    async fn download_report_sintetico(
        &self,
        _: Request<DownloadReportSinteticoRequest>,
    ) -> Result<Response<Self::DownloadReportSinteticoStream>, Status> {
        Ok(Response::new(Box::pin(tokio_stream::empty())))
    }

    async fn list_normative(
        &self,
        _: Request<ListNormativeRequest>,
    ) -> Result<Response<ListNormativeResponse>, Status> {
        Ok(Response::new(ListNormativeResponse::default()))
    }

    async fn list_prestazioni(
        &self,
        _: Request<ListPrestazioniRequest>,
    ) -> Result<Response<ListPrestazioniResponse>, Status> {
        Ok(Response::new(ListPrestazioniResponse::default()))
    }

    async fn list_rilevazioni(
        &self,
        _: Request<ListRilevazioniRequest>,
    ) -> Result<Response<ListRilevazioniResponse>, Status> {
        Ok(Response::new(ListRilevazioniResponse::default()))
    }
}

/// Serves until it is killed.
pub fn serve() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        println!("Serving on {}", listener.local_addr().unwrap());
        Server::builder()
            .add_service(AccessServiceServer::new(ConstantPeer))
            .add_service(ReportServiceServer::new(ConstantPeer))
            .serve_with_incoming(TcpIncoming::from(listener).with_nodelay(Some(true)))
            .await
            .unwrap();
    });
}
