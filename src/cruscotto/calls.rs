//! The calls of a page: by the clients that anybody uses, in process, through all layers.

use std::{
    convert::Infallible,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll},
};

use futures_util::future::BoxFuture;
use http::{HeaderMap, HeaderName, Request, Response, request::Parts};
use tonic::body::Body;
use tower::{Service, ServiceExt as _, util::BoxCloneSyncService};

use crate::{
    abilitazione::authn::SessionUser,
    call_record::TraceId,
    contract::{
        http_call::PageCall,
        proto::{
            access_service_client::AccessServiceClient, decree_service_client::DecreeServiceClient,
            monitoraggio_service_client::MonitoraggioServiceClient,
            report_service_client::ReportServiceClient,
        },
    },
};

/// The service behind the pages.
pub(super) type Inner = BoxCloneSyncService<Request<Body>, Response<Body>, Infallible>;

/// What of a page's request goes into its calls besides where proxies say that it comes from.
const PASSED_ON: [&str; 3] = ["traceparent", "tracestate", "user-agent"];

/// The calls of one page, for one person. Cheap to clone.
#[derive(Clone)]
pub(super) struct Calls {
    inner: Inner,
    headers: HeaderMap,
    extensions: http::Extensions,
    /// Of the call that was answered last.
    trace_id: Arc<Mutex<Option<String>>>,
}

impl Calls {
    /// For `user`, whose browser has sent this request.
    pub(super) fn new(
        inner: Inner,
        asked: &Parts,
        user: SessionUser,
        address_header: &HeaderName,
    ) -> Self {
        let mut extensions = asked.extensions.clone();
        extensions.insert(user);
        extensions.insert(PageCall);
        let mut headers = HeaderMap::new();
        for (name, value) in &asked.headers {
            if PASSED_ON.contains(&name.as_str()) || name == address_header {
                headers.append(name, value.clone());
            }
        }
        Self {
            inner,
            headers,
            extensions,
            trace_id: Arc::default(),
        }
    }

    pub(super) fn access(&self) -> AccessServiceClient<Self> {
        AccessServiceClient::new(self.clone())
    }

    pub(super) fn report(&self) -> ReportServiceClient<Self> {
        // Bounded by the service: our own answers need no bound.
        ReportServiceClient::new(self.clone()).max_decoding_message_size(usize::MAX)
    }

    pub(super) fn decrees(&self) -> DecreeServiceClient<Self> {
        DecreeServiceClient::new(self.clone()).max_decoding_message_size(usize::MAX)
    }

    pub(super) fn monitoraggio(&self) -> MonitoraggioServiceClient<Self> {
        MonitoraggioServiceClient::new(self.clone()).max_decoding_message_size(usize::MAX)
    }

    /// Under which trace the last call is recorded.
    pub(super) fn trace_id(&self) -> Option<String> {
        let trace_id = self.trace_id.lock();
        trace_id.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// A resource, by a request in HTTP.
    pub(super) async fn resource(&self, mut request: Request<Body>) -> Response<Body> {
        self.complete(&mut request);
        let Ok(response) = self.inner.clone().oneshot(request).await;
        response
    }

    fn complete(&self, request: &mut Request<Body>) {
        request.headers_mut().extend(self.headers.clone());
        request.extensions_mut().extend(self.extensions.clone());
    }
}

impl Service<Request<Body>> for Calls {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Response<Body>, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        // `oneshot` waits until the clone that is called is.
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, mut request: Request<Body>) -> Self::Future {
        self.complete(&mut request);
        let (inner, trace_id) = (self.inner.clone(), Arc::clone(&self.trace_id));
        Box::pin(async move {
            let response = inner.oneshot(request).await?;
            let told = response.extensions().get::<TraceId>();
            *trace_id.lock().unwrap_or_else(PoisonError::into_inner) =
                told.map(|TraceId(trace_id)| trace_id.clone());
            Ok(response)
        })
    }
}
