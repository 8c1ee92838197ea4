//! One client of both servers.

use std::time::{Duration, Instant};

use omnia::proto::{
    GetMyAccessRequest, GetMyAccessResponse, access_service_client::AccessServiceClient,
};
use tonic::{
    Request, Status,
    metadata::AsciiMetadataValue,
    service::{Interceptor, interceptor::InterceptedService},
    transport::{Channel, Endpoint},
};

/// Puts the token on every call.
#[derive(Clone)]
struct Bearer(AsciiMetadataValue);

impl Interceptor for Bearer {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        let metadata = request.metadata_mut();
        metadata.insert("authorization", self.0.clone());
        Ok(request)
    }
}

/// A connection.
pub struct Client(AccessServiceClient<InterceptedService<Channel, Bearer>>);

/// What a turn of calls came to.
pub struct Turn {
    pub calls: usize,
    pub lasted: Duration,
    pub p99: Duration,
}

impl Turn {
    pub fn per_second(&self) -> f64 {
        self.calls as f64 / self.lasted.as_secs_f64()
    }
}

impl Client {
    pub async fn connect(address: &str, token: &str) -> Self {
        let endpoint = Endpoint::from_shared(format!("http://{address}")).unwrap();
        let channel = endpoint.tcp_nodelay(true).connect().await.unwrap();
        let bearer = Bearer(format!("Bearer {token}").parse().unwrap());
        Self(AccessServiceClient::with_interceptor(channel, bearer))
    }

    pub async fn call(&self) -> GetMyAccessResponse {
        let mut client = self.0.clone();
        let answer = client.get_my_access(GetMyAccessRequest {}).await;
        answer.unwrap().into_inner()
    }

    /// Calls without a pause in so many tasks.
    pub async fn turn(&self, streams: usize, lasts: Duration) -> Turn {
        let begin = Instant::now();
        let tasks: Vec<_> = (0..streams)
            .map(|_| {
                let mut client = self.0.clone();
                tokio::spawn(async move {
                    let mut times = Vec::new();
                    while begin.elapsed() < lasts {
                        let start = Instant::now();
                        client.get_my_access(GetMyAccessRequest {}).await.unwrap();
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
        times.sort_unstable();
        Turn {
            calls: times.len(),
            lasted,
            p99: times[times.len() * 99 / 100],
        }
    }
}
