//! A client of one service: the calls that are compared, what is asked in them, and whether the answers are right.

use std::time::{Duration, Instant};

use omnia::contract::proto::{
    CriterioPeriodo, FiltroMonitoraggio, FiltroReport, Finestra, GetAndamentoRequest,
    GetProiezioneRequest, GetReportSinteticoRequest, Imputazione, Periodo,
    monitoraggio_service_client::MonitoraggioServiceClient,
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
const NORMATIVA: &str = "DL109-2018-ART44";
const PRESTAZIONE: &str = "CIGS";
/// A year with decrees of the norm, before the rilevazione and after.
const ANNO: i32 = 2026;

/// A call that is timed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Call {
    /// Without filters, and with a periodo, in turn.
    Report,
    /// The months of a year of a norm, by competenza.
    Andamento,
    /// The cap of that year.
    Proiezione,
}

impl Call {
    pub const ALL: [Self; 3] = [Self::Report, Self::Andamento, Self::Proiezione];

    pub fn name(self) -> &'static str {
        match self {
            Self::Report => "GetReportSintetico",
            Self::Andamento => "GetAndamento",
            Self::Proiezione => "GetProiezione",
        }
    }
}

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

type BearerChannel = InterceptedService<Channel, ReportBearer>;

/// A connection.
#[derive(Clone)]
pub struct ReportClient {
    report: ReportServiceClient<BearerChannel>,
    monitoraggio: MonitoraggioServiceClient<BearerChannel>,
}

/// The report of everything: of all days, and of some.
fn reports() -> [GetReportSinteticoRequest; 2] {
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

fn andamento() -> GetAndamentoRequest {
    GetAndamentoRequest {
        filtro: Some(FiltroMonitoraggio {
            normativa: vec![NORMATIVA.to_owned()],
            prestazione: vec![PRESTAZIONE.to_owned()],
        }),
        imputazione: Imputazione::Competenza.into(),
        finestra: Some(Finestra {
            dal_mese: format!("{ANNO}-01"),
            al_mese: format!("{ANNO}-12"),
        }),
        ..GetAndamentoRequest::default()
    }
}

fn proiezione() -> GetProiezioneRequest {
    GetProiezioneRequest {
        normativa: NORMATIVA.to_owned(),
        prestazione: PRESTAZIONE.to_owned(),
        anno: ANNO,
        ..GetProiezioneRequest::default()
    }
}

impl ReportClient {
    pub async fn connect(address: &str, token: &str) -> Self {
        let endpoint = Endpoint::from_shared(format!("http://{address}")).unwrap();
        let channel = endpoint.tcp_nodelay(true).connect().await.unwrap();
        let bearer = ReportBearer(format!("Bearer {token}").parse().unwrap());
        let channel = InterceptedService::new(channel, bearer);
        Self {
            report: ReportServiceClient::new(channel.clone()),
            monitoraggio: MonitoraggioServiceClient::new(channel),
        }
    }

    /// Sees that the totals are those of the rows; how long the first answer of each call took, in their order.
    pub async fn assert_answers(&self, owner: &PgPool) -> [Duration; 3] {
        let mut client = self.clone();
        let [all, some] = reports();
        let begin = Instant::now();
        let all = client.report.get_report_sintetico(all).await.unwrap();
        let first = begin.elapsed();
        let some = client.report.get_report_sintetico(some).await.unwrap();
        let [all, some] = [all, some].map(|answer| {
            let answer = answer.into_inner();
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
        let [andamento, proiezione] = client.assert_competenza(owner).await;
        [first, andamento, proiezione]
    }

    /// The competenza of the year is the floor of each row's share up to the day, less that up to the day before: both calls say so.
    async fn assert_competenza(&mut self, owner: &PgPool) -> [Duration; 2] {
        let share = |days: &str| {
            format!(
                "floor(importi_autorizzati * 100 * greatest(0, least({days}, validita_al) - validita_dal + 1) / (validita_al - validita_dal + 1))"
            )
        };
        let (until, before) = (
            share(&format!("date '{ANNO}-12-31'")),
            share(&format!("date '{}-12-31'", ANNO - 1)),
        );
        let sql = format!(
            "select round(sum({until} - {before}) / 100, 2)::text from dettaglio_decreto where normativa = $1 and prestazione = $2"
        );
        let rows: String = sqlx::query_scalar(sqlx::AssertSqlSafe(sql))
            .bind(NORMATIVA)
            .bind(PRESTAZIONE)
            .fetch_one(owner)
            .await
            .unwrap();
        let begin = Instant::now();
        let course = self.monitoraggio.get_andamento(andamento()).await.unwrap();
        let first_course = begin.elapsed();
        let course = course.into_inner().totale.unwrap();
        assert_eq!(course.punti.len(), 12);
        assert_eq!(course.totale.unwrap().importi_autorizzati, rows);
        let begin = Instant::now();
        let projection = self.monitoraggio.get_proiezione(proiezione()).await;
        let first_projection = begin.elapsed();
        let projection = projection.unwrap().into_inner();
        let year = projection.mesi.last().unwrap().cumulate.as_ref().unwrap();
        assert_eq!(year.importi_autorizzati, rows);
        [first_course, first_projection]
    }

    async fn ask(&mut self, call: Call, reports: &[GetReportSinteticoRequest; 2], nth: usize) {
        match call {
            Call::Report => {
                let request = reports[nth % 2].clone();
                self.report.get_report_sintetico(request).await.map(drop)
            }
            Call::Andamento => self.monitoraggio.get_andamento(andamento()).await.map(drop),
            Call::Proiezione => self
                .monitoraggio
                .get_proiezione(proiezione())
                .await
                .map(drop),
        }
        .unwrap();
    }

    /// Calls without a pause in so many tasks; calls a second.
    pub async fn turn(&self, call: Call, streams: usize, lasts: Duration) -> f64 {
        let begin = Instant::now();
        let tasks: Vec<_> = (0..streams)
            .map(|_| {
                let mut client = self.clone();
                tokio::spawn(async move {
                    let reports = reports();
                    let mut calls = 0;
                    while begin.elapsed() < lasts {
                        client.ask(call, &reports, calls).await;
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
