//! One client of both servers.

use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{HeaderValue, header::AUTHORIZATION};
use http_body_util::BodyExt as _;
use omnia::contract::proto::{
    FiltroReport, GetMyAccessRequest, GetMyAccessResponse, GetReportSinteticoRequest,
    GetReportSinteticoResponse, access_service_client::AccessServiceClient,
    report_service_client::ReportServiceClient,
};
use tonic::{
    Request, Status,
    body::Body,
    metadata::AsciiMetadataValue,
    service::{Interceptor, interceptor::InterceptedService},
    transport::{Channel, Endpoint},
};
use tower::{Service as _, ServiceExt as _};

use super::{processor, scene::NORMATIVA};

/// Which call is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MeasuredCall {
    GetReportSintetico,
    GetMyAccess,
    /// `GET /v1/report-sintetico`, over HTTP/2 and over HTTP/1.1.
    RestReport,
    RestReportHttp1,
}

impl MeasuredCall {
    /// Those with a peer.
    pub const BY_GRPC: [Self; 2] = [Self::GetReportSintetico, Self::GetMyAccess];
    /// Those that are compared with the same call by gRPC.
    pub const BY_REST: [Self; 2] = [Self::RestReport, Self::RestReportHttp1];

    pub fn name(self) -> &'static str {
        match self {
            Self::GetReportSintetico => "GetReportSintetico",
            Self::GetMyAccess => "GetMyAccess",
            Self::RestReport => "RestReport",
            Self::RestReportHttp1 => "RestReportHttp1",
        }
    }
}

/// Puts the token on every call.
#[derive(Clone)]
struct CallsBearer(AsciiMetadataValue);

impl Interceptor for CallsBearer {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        let metadata = request.metadata_mut();
        metadata.insert("authorization", self.0.clone());
        Ok(request)
    }
}

/// A connection to a server, which runs in these processes.
#[derive(Clone)]
pub struct CallsClient {
    access: AccessServiceClient<InterceptedService<Channel, CallsBearer>>,
    report: ReportServiceClient<InterceptedService<Channel, CallsBearer>>,
    rest: Channel,
    http1: reqwest::Client,
    url: String,
    bearer: HeaderValue,
    server: u32,
    postmaster: Option<u32>,
}

/// What a turn of calls came to.
pub struct CallsTurn {
    pub calls: usize,
    pub lasted: Duration,
    pub p99: Duration,
    /// Microseconds of processor time a call: server, client, Postgres.
    pub micros: [f64; 3],
}

impl CallsTurn {
    pub fn per_second(&self) -> f64 {
        self.calls as f64 / self.lasted.as_secs_f64()
    }
}

impl CallsClient {
    /// `server` and `postmaster`, where it has one, are processes.
    pub async fn connect(address: &str, token: &str, server: u32, postmaster: Option<u32>) -> Self {
        let endpoint = Endpoint::from_shared(format!("http://{address}")).unwrap();
        let channel = endpoint.tcp_nodelay(true).connect().await.unwrap();
        let bearer = CallsBearer(format!("Bearer {token}").parse().unwrap());
        Self {
            access: AccessServiceClient::with_interceptor(channel.clone(), bearer.clone()),
            report: ReportServiceClient::with_interceptor(channel.clone(), bearer),
            rest: channel,
            http1: reqwest::Client::new(),
            url: format!("http://{address}/v1/report-sintetico?normativa={NORMATIVA}"),
            bearer: format!("Bearer {token}").parse().unwrap(),
            server,
            postmaster,
        }
    }

    pub async fn my_access(&mut self) -> GetMyAccessResponse {
        let answer = self.access.get_my_access(GetMyAccessRequest {}).await;
        answer.unwrap().into_inner()
    }

    /// Of one norm.
    pub async fn report(&mut self) -> GetReportSinteticoResponse {
        let request = GetReportSinteticoRequest {
            filtro: Some(FiltroReport {
                normativa: vec![NORMATIVA.to_owned()],
                ..FiltroReport::default()
            }),
            ..GetReportSinteticoRequest::default()
        };
        let answer = self.report.get_report_sintetico(request).await;
        answer.unwrap().into_inner()
    }

    /// The same, as JSON.
    pub async fn rest_report(&mut self) -> Bytes {
        let request = http::Request::get(self.url.as_str())
            .header(AUTHORIZATION, self.bearer.clone())
            .body(Body::empty())
            .unwrap();
        let answer = self
            .rest
            .ready()
            .await
            .unwrap()
            .call(request)
            .await
            .unwrap();
        assert_eq!(answer.status(), 200);
        answer.into_body().collect().await.unwrap().to_bytes()
    }

    /// The same, on a connection of HTTP/1.1.
    pub async fn rest_report_http1(&self) -> Bytes {
        let request = self
            .http1
            .get(self.url.as_str())
            .header(AUTHORIZATION, self.bearer.clone());
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), 200);
        answer.bytes().await.unwrap()
    }

    /// Calls without a pause in so many tasks.
    pub async fn turn(&self, call: MeasuredCall, streams: usize, lasts: Duration) -> CallsTurn {
        let used = || {
            let postgres = self.postmaster.map_or_else(Vec::new, processor::family);
            [&[self.server][..], &[std::process::id()], &postgres].map(processor::micros)
        };
        let before = used();
        let begin = Instant::now();
        let tasks: Vec<_> = (0..streams)
            .map(|_| {
                let mut client = self.clone();
                tokio::spawn(async move {
                    let mut times = Vec::new();
                    while begin.elapsed() < lasts {
                        let start = Instant::now();
                        match call {
                            MeasuredCall::GetReportSintetico => drop(client.report().await),
                            MeasuredCall::GetMyAccess => drop(client.my_access().await),
                            MeasuredCall::RestReport => drop(client.rest_report().await),
                            MeasuredCall::RestReportHttp1 => {
                                drop(client.rest_report_http1().await);
                            }
                        }
                        times.push(start.elapsed());
                    }
                    times
                })
            })
            .collect();
        let mut times = Vec::new();
        for task in tasks {
            times.append(&mut task.await.unwrap());
        }
        let lasted = begin.elapsed();
        let after = used();
        times.sort_unstable();
        let calls = times.len();
        CallsTurn {
            calls,
            lasted,
            p99: times[calls * 99 / 100],
            micros: [0, 1, 2].map(|i| (after[i] - before[i]) as f64 / calls as f64),
        }
    }
}
