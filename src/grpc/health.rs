//! `grpc.health.v1.Health`, as its specification has it.
//!
//! ```text
//! Check("known")    its status                       Check("unknown")  NOT_FOUND
//! Watch("known")    its status, and every change     Watch("unknown")  SERVICE_UNKNOWN, and the stream stays open: the name may
//!                                                                      become known
//! ```
//!
//! tonic-health ends a watch of an unknown name with NOT_FOUND, so a client that watches as the specification says would give up or call again
//! and again. The messages and the generated server are its own.

use std::{collections::BTreeMap, pin::Pin};

use futures_util::{Stream, StreamExt as _};
use tokio::sync::watch;
use tokio_stream::wrappers::WatchStream;
use tonic::{Request, Response, Status};
pub use tonic_health::ServingStatus;
use tonic_health::pb::{
    HealthCheckRequest, HealthCheckResponse, health_check_response::ServingStatus as Sent,
    health_server::Health,
};

/// The statuses of one server, by service or component. Cheap to clone.
#[derive(Debug, Clone)]
pub struct HealthReporter(watch::Sender<BTreeMap<String, ServingStatus>>);

impl Default for HealthReporter {
    fn default() -> Self {
        Self(watch::Sender::new(BTreeMap::new()))
    }
}

impl HealthReporter {
    /// Sets the status of a name, and tells those that watch it. `""` is the server as a whole.
    pub fn set_service_status(&self, service: impl Into<String>, status: ServingStatus) {
        let service = service.into();
        self.0
            .send_if_modified(|statuses| statuses.insert(service, status) != Some(status));
    }

    /// Whether the server as a whole serves.
    #[must_use]
    pub fn serves(&self) -> bool {
        self.0.borrow().get("") == Some(&ServingStatus::Serving)
    }

    /// What answers the calls.
    #[must_use]
    pub fn service(&self) -> HealthService {
        HealthService(self.0.clone())
    }
}

/// The calls over the statuses of a [`HealthReporter`].
#[derive(Debug, Clone)]
pub struct HealthService(watch::Sender<BTreeMap<String, ServingStatus>>);

#[tonic::async_trait]
impl Health for HealthService {
    type WatchStream = Pin<Box<dyn Stream<Item = Result<HealthCheckResponse, Status>> + Send>>;

    async fn check(
        &self,
        request: Request<HealthCheckRequest>,
    ) -> Result<Response<HealthCheckResponse>, Status> {
        let status = self.0.borrow().get(&request.get_ref().service).copied();
        match status {
            Some(status) => Ok(Response::new(response(Some(status)))),
            None => Err(Status::not_found("no service has this name here")),
        }
    }

    async fn watch(
        &self,
        request: Request<HealthCheckRequest>,
    ) -> Result<Response<Self::WatchStream>, Status> {
        let service = request.into_inner().service;
        let mut told = None;
        let statuses = WatchStream::new(self.0.subscribe()).filter_map(move |statuses| {
            let status = response(statuses.get(&service).copied());
            // Another name's change is none of this one's.
            let news = told.replace(status) != Some(status);
            std::future::ready(news.then_some(Ok(status)))
        });
        Ok(Response::new(Box::pin(statuses)))
    }
}

fn response(status: Option<ServingStatus>) -> HealthCheckResponse {
    let status = status.map_or(Sent::ServiceUnknown, Sent::from);
    HealthCheckResponse {
        status: status.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_name_that_is_unknown_may_become_known() {
        let reporter = HealthReporter::default();
        let service = reporter.service();
        let request = || {
            Request::new(HealthCheckRequest {
                service: "later".into(),
            })
        };
        assert_eq!(
            service.check(request()).await.unwrap_err().code(),
            tonic::Code::NotFound
        );
        let mut watched = service.watch(request()).await.unwrap().into_inner();
        let mut next = async || watched.next().await.unwrap().unwrap().status();
        assert_eq!(next().await, Sent::ServiceUnknown);
        reporter.set_service_status("another", ServingStatus::Serving);
        reporter.set_service_status("later", ServingStatus::NotServing);
        assert_eq!(next().await, Sent::NotServing);
        reporter.set_service_status("later", ServingStatus::NotServing);
        reporter.set_service_status("later", ServingStatus::Serving);
        assert_eq!(next().await, Sent::Serving);
        let checked = service.check(request()).await.unwrap().into_inner();
        assert_eq!(checked.status(), Sent::Serving);
        assert!(!reporter.serves());
        reporter.set_service_status("", ServingStatus::Serving);
        assert!(reporter.serves());
    }
}
