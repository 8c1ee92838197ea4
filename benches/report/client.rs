//! A client of one service.

use std::time::{Duration, Instant};

use omnia::contract::proto::{
    CriterioPeriodo, FiltroReport, GetReportSinteticoRequest, GetReportSinteticoResponse, Periodo,
    report_service_client::ReportServiceClient,
};
use sqlx::PgPool;
use tonic::{
    Request, Status,
    metadata::AsciiMetadataValue,
    service::{Interceptor, interceptor::InterceptedService},
    transport::{Channel, Endpoint},
};

const DAL: &str = "2022-07-15";
const AL: &str = "2024-03-02";

/// Puts the token on every call.
#[derive(Clone)]
struct ReportBearer(AsciiMetadataValue);

impl Interceptor for ReportBearer {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        let metadata = request.metadata_mut();
        metadata.insert("authorization", self.0.clone());
        Ok(request)
    }
}

/// A connection.
#[derive(Clone)]
pub struct ReportClient(ReportServiceClient<InterceptedService<Channel, ReportBearer>>);

/// The report of everything: of all days, and of some.
fn requests() -> [GetReportSinteticoRequest; 2] {
    let periodo = Periodo {
        dal: DAL.to_owned(),
        al: AL.to_owned(),
        criterio: CriterioPeriodo::Sovrapposizione.into(),
    };
    let filtro = FiltroReport {
        periodo: Some(periodo),
        ..FiltroReport::default()
    };
    [None, Some(filtro)].map(|filtro| GetReportSinteticoRequest {
        filtro,
        rilevazione: 0,
    })
}

impl ReportClient {
    pub async fn connect(address: &str, token: &str) -> Self {
        let endpoint = Endpoint::from_shared(format!("http://{address}")).unwrap();
        let channel = endpoint.tcp_nodelay(true).connect().await.unwrap();
        let bearer = ReportBearer(format!("Bearer {token}").parse().unwrap());
        Self(ReportServiceClient::with_interceptor(channel, bearer))
    }

    async fn ask(&mut self, request: GetReportSinteticoRequest) -> GetReportSinteticoResponse {
        let answer = self.0.get_report_sintetico(request).await;
        answer.unwrap().into_inner()
    }

    /// Sees that the totals are those of the rows; how long the first answer took.
    pub async fn assert_answers(&self, owner: &PgPool) -> Duration {
        let mut client = self.clone();
        let [all, some] = requests();
        let begin = Instant::now();
        let all = client.ask(all).await;
        let first = begin.elapsed();
        let some = client.ask(some).await;
        let [all, some] = [all, some].map(|answer| {
            assert!(answer.voci.len() > 5);
            let totale = answer.totale.unwrap();
            (totale.importi_autorizzati, totale.importi_erogati)
        });
        assert_ne!(all, some);
        for (given, periodo) in [
            (all, "$1 < $2"),
            (some, "validita_al >= $1::date and validita_dal <= $2::date"),
        ] {
            let sql = format!(
                "select sum(importi_autorizzati)::text, sum(importi_erogati)::text from dettaglio_decreto where {periodo}"
            );
            let rows: (String, String) = sqlx::query_as(sqlx::AssertSqlSafe(sql))
                .bind(DAL)
                .bind(AL)
                .fetch_one(owner)
                .await
                .unwrap();
            assert_eq!(given, rows);
        }
        first
    }

    /// Calls without a pause in so many tasks; calls a second.
    pub async fn turn(&self, streams: usize, lasts: Duration) -> f64 {
        let begin = Instant::now();
        let tasks: Vec<_> = (0..streams)
            .map(|_| {
                let mut client = self.clone();
                tokio::spawn(async move {
                    let requests = requests();
                    let mut calls = 0;
                    while begin.elapsed() < lasts {
                        client.ask(requests[calls % 2].clone()).await;
                        calls += 1;
                    }
                    calls
                })
            })
            .collect();
        let mut calls = 0;
        for task in tasks {
            calls += task.await.unwrap();
        }
        calls as f64 / begin.elapsed().as_secs_f64()
    }
}
