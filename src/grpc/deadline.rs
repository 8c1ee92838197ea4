//! The layer that ends calls: at the caller's deadline, and a stream whose client does not read.
//!
//! ```text
//! grpc-timeout: 200m ─► no answer yet     ── 200 ms ─► the work is dropped; CALL_DEADLINE is the answer
//!                       a stream runs     ── 200 ms ─► its body is dropped, with its place; CALL_DEADLINE is its end
//! nothing is taken   ─► a stream waits    ── stall ──► its body is dropped, with its place; EXPORT_STALLED is its end
//!                       and after that    ── stall ──► the client did not fetch even that: the stream is reset
//! ```
//!
//! Every call passes here, and a stream gets its [`CancelHandle`] here, by which whatever else may end it does so (a grant that is revoked).
//! The bounds of exports themselves (`export.deadline_seconds`) are in [`stream_task`](super::stream_task): the earlier one ends the stream.
//! Work that is dropped in the middle of a statement has it cancelled ([`postgres`](crate::postgres)).

use std::{
    collections::BTreeMap,
    convert::Infallible,
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use futures_util::StreamExt as _;
use http::{Request, Response};
use http_body_util::{BodyStream, StreamBody};
use tokio::time::{Instant, sleep, sleep_until, timeout_at};
use tonic::{Status, body::Body};
use tower::{Layer, Service};

use super::{cancellable_body::CancelHandle, timeout};
use crate::{
    call_record::CallRecord,
    contract::proto::rpc_of,
    error::{Error, Reason},
    transport::calls::CallTask,
};

/// What answers a question about the contract has no reason to last longer.
const REFLECTION: Duration = Duration::from_secs(300);
const REFLECTION_PATH: &str = "/grpc.reflection.";
/// The one call without a token that streams and may last.
const WATCH: &str = "/grpc.health.v1.Health/Watch";

/// Puts [`Deadline`] around a service.
#[derive(Debug, Clone)]
pub struct DeadlineLayer {
    rpc: Arc<BTreeMap<String, bool>>,
    stall: Duration,
}

impl DeadlineLayer {
    /// `rpc` are the calls of the contract, and whether each streams its answers. A client may leave a stream for `stall`.
    #[must_use]
    pub fn new(rpc: BTreeMap<String, bool>, stall: Duration) -> Self {
        Self {
            rpc: Arc::new(rpc),
            stall,
        }
    }

    fn streams(&self, path: &str) -> bool {
        match path.strip_prefix('/').and_then(rpc_of) {
            Some(rpc) => self.rpc.get(rpc).copied().unwrap_or(false),
            None => path == WATCH || path.starts_with(REFLECTION_PATH),
        }
    }
}

impl<S> Layer<S> for DeadlineLayer {
    type Service = Deadline<S>;

    fn layer(&self, inner: S) -> Deadline<S> {
        Deadline {
            inner,
            layer: self.clone(),
        }
    }
}

/// A service whose calls end in time.
#[derive(Debug, Clone)]
pub struct Deadline<S> {
    inner: S,
    layer: DeadlineLayer,
}

/// When a call has to end, and who says so.
#[derive(Debug, Clone, Copy)]
struct Limit {
    at: Instant,
    set_by: &'static str,
}

impl Limit {
    fn error(self) -> Error {
        Error::new(Reason::CallDeadline, "the deadline of the call has passed")
            .with("deadline", self.set_by)
    }
}

impl<S> Service<Request<Body>> for Deadline<S>
where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible>,
    S::Future: Send + 'static,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, Infallible>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<Body>) -> Self::Future {
        let asked = match timeout::asked(request.headers()) {
            Ok(asked) => asked,
            Err(error) => return Box::pin(async { Ok(Status::from(error).into_http()) }),
        };
        let path = request.uri().path();
        let (streams, reflection) = (self.layer.streams(path), path.starts_with(REFLECTION_PATH));
        let limit = limit(asked, reflection.then_some(REFLECTION));
        if limit.is_none() && !streams {
            return Box::pin(self.inner.call(request));
        }
        // Without the audit layer outside there is no record to fill.
        let traccia: CallRecord = request.extensions().get().cloned().unwrap_or_default();
        if let Some(limit) = limit {
            if limit.at <= Instant::now() {
                let status = Status::from(limit.error());
                return Box::pin(async { Ok(status.into_http()) });
            }
            traccia.note(|facts| facts.deadline = Some(limit.at.into_std()));
        }
        if !streams {
            let answer = self.inner.call(request);
            return Box::pin(async move { in_time(limit, answer).await });
        }
        let handle = CancelHandle::default();
        request.extensions_mut().insert(handle.clone());
        if reflection {
            // Its service waits for questions for as long as they may come.
            let end_at = handle.finished();
            request = request.map(|body| until(body, end_at));
        }
        let (pending, stall) = (handle.pending(), self.layer.stall);
        let answer = self.inner.call(request);
        Box::pin(async move {
            let (mut parts, body) = in_time(limit, answer).await?.into_parts();
            if Status::from_header_map(&parts.headers).is_some() {
                return Ok(Response::from_parts(parts, body));
            }
            let Some(body) = pending.wrap(body) else {
                return Ok(Response::from_parts(parts, Body::empty()));
            };
            parts.extensions.insert(handle.clone());
            let watcher = Watcher {
                handle,
                limit,
                stall,
                task: CallTask::current(),
                traccia,
            };
            tokio::spawn(watcher.run());
            Ok(Response::from_parts(parts, Body::new(body)))
        })
    }
}

/// The earlier of the caller's and ours.
fn limit(asked: Option<Duration>, ours: Option<Duration>) -> Option<Limit> {
    let now = Instant::now();
    let limit = |after, set_by| Limit {
        at: now + after,
        set_by,
    };
    match (asked, ours) {
        (Some(asked), ours) if ours.is_none_or(|ours| asked <= ours) => {
            Some(limit(asked, "caller"))
        }
        (_, ours) => ours.map(|ours| limit(ours, "server")),
    }
}

async fn in_time(
    limit: Option<Limit>,
    answer: impl Future<Output = Result<Response<Body>, Infallible>>,
) -> Result<Response<Body>, Infallible> {
    match limit {
        None => answer.await,
        Some(limit) => match timeout_at(limit.at, answer).await {
            Ok(answer) => answer,
            Err(_) => Ok(Status::from(limit.error()).into_http()),
        },
    }
}

fn until(body: Body, end_at: impl Future<Output = ()> + Send + 'static) -> Body {
    Body::new(StreamBody::new(
        BodyStream::new(body).take_until(Box::pin(end_at)),
    ))
}

/// Watches over one stream.
struct Watcher {
    handle: CancelHandle,
    limit: Option<Limit>,
    stall: Duration,
    task: Option<CallTask>,
    traccia: CallRecord,
}

impl Watcher {
    async fn run(self) {
        let mut end_at = std::pin::pin!(self.handle.finished());
        loop {
            let since = self
                .handle
                .stalled_since()
                .map_or_else(Instant::now, Instant::from_std);
            let look_again = since + self.stall;
            let end = async {
                match self.limit {
                    Some(limit) => {
                        sleep_until(limit.at).await;
                        limit.error()
                    }
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = &mut end_at => return,
                error = end => self.cancel(error),
                () = sleep_until(look_again) => {
                    let still = |since: std::time::Instant| since.elapsed() >= self.stall;
                    if self.handle.stalled_since().is_some_and(still) {
                        self.cancel(Error::new(
                            Reason::ExportStalled,
                            "the client has taken nothing for too long; go on after what was received",
                        ));
                    }
                }
            }
            // By us or by another layer.
            if self.handle.is_cancelled() {
                break;
            }
        }
        tokio::select! {
            () = &mut end_at => {}
            () = sleep(self.stall) => {
                if let Some(task) = &self.task {
                    task.reset();
                }
            }
        }
    }

    fn cancel(&self, error: Error) {
        let error = self.traccia.with_resume_point(error);
        tracing::info!(
            reason = error.reason.as_str_name(),
            "a stream is ended in the middle"
        );
        self.handle.cancel(error.into());
    }
}
