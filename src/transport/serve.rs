//! Serves connections: HTTP/2 or HTTP/1.1 on each, as its client begins, and every request on it handed to one service.
//!
//! This is the loop that tonic has too. It is ours for two things that tonic's does not give away: the task of each call
//! ([`CallTask`](crate::transport::calls::CallTask)), and a connection that makes room for another one ([`Slot`](crate::transport::Slot)).

use std::{convert::Infallible, pin::pin, time::Duration};

use futures_util::{Stream, StreamExt as _, poll};
use http::{Request, Response, Version};
use hyper::body::Incoming;
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::conn::auto,
    service::TowerToHyperService,
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tonic::body::Body;
use tower::{Service, ServiceExt as _, service_fn};

use crate::transport::{
    calls::{CallExecutor, CallTask, of_connection},
    connection_io::Connection,
    http1,
    served_body::ServedBody,
};

/// A connection on which nothing comes for so long is asked whether it is still there.
const KEEPALIVE: Duration = Duration::from_secs(60);
/// And gets so long to answer.
const KEEPALIVE_ANSWER: Duration = Duration::from_secs(20);
/// Calls at the same time on one connection.
const STREAMS: u32 = 256;
/// On HTTP/1.1 the head of the next request comes within this, or the connection ends.
const HEADERS: Duration = Duration::from_secs(30);
/// More than any client sends.
const MAX_HEADERS: usize = 64;
/// Token, proof and evidence of 8 KiB each and as much again; little enough for a flood of headers to cost nothing.
const MAX_HEADER_BYTES: u32 = 32 * 1024;

/// Serves the connections that come, until `stop` is cancelled; then takes no more, and waits until the calls under way have ended.
pub async fn serve<S>(
    connections: impl Stream<Item = Connection>,
    service: S,
    stop: CancellationToken,
) where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible>
        + Clone
        + Send
        + 'static,
    S::Future: Send + 'static,
{
    let tasks = TaskTracker::new();
    {
        // Dropped before the wait: the port is closed to new connections.
        let mut connections = pin!(connections);
        loop {
            tokio::select! {
                () = stop.cancelled() => break,
                next = connections.next() => match next {
                    Some(stream) => drop(tasks.spawn(one(stream, service.clone(), stop.clone()))),
                    None => break,
                },
            }
        }
    }
    tasks.close();
    tasks.wait().await;
}

/// One connection, to its end.
async fn one<S>(stream: Connection, service: S, stop: CancellationToken)
where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible>
        + Clone
        + Send
        + 'static,
    S::Future: Send + 'static,
{
    let (slot, accepted) = (stream.slot().clone(), stream.info().clone());
    let (called, given_up) = (slot.clone(), CancellationToken::new());
    let end = given_up.clone();
    let service = service_fn(move |request: Request<Incoming>| {
        let is_http1 = request.version() < Version::HTTP_2;
        let refused = is_http1.then(|| http1::refusal(&request)).flatten();
        // Of HTTP/2 each call is a task, which knows that it is busy.
        let busy = is_http1.then(|| (called.busy(), end.clone()));
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(accepted.clone());
        let call = service.clone().oneshot(request);
        async move {
            if let Some(refused) = refused {
                return Ok::<_, Infallible>(refused.map(|body| ServedBody::new(body, None, None)));
            }
            Ok(match busy {
                Some((busy, end)) => {
                    let response = of_connection(end, call).await?;
                    response.map(|body| ServedBody::new(body, Some(busy), None))
                }
                None => {
                    let (response, task) = (call.await?, CallTask::current());
                    response.map(|body| ServedBody::new(body, None, task))
                }
            })
        }
    });
    let mut builder = auto::Builder::new(CallExecutor {
        slot: slot.clone(),
        patience: stream.patience().answer,
    });
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADERS)
        .max_headers(MAX_HEADERS)
        .max_buf_size(MAX_HEADER_BYTES as usize);
    builder
        .http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(KEEPALIVE)
        .keep_alive_timeout(KEEPALIVE_ANSWER)
        .max_concurrent_streams(STREAMS)
        .max_header_list_size(MAX_HEADER_BYTES);
    let served = builder.serve_connection(TokioIo::new(stream), TowerToHyperService::new(service));
    let mut connection = pin!(served);
    let mut stopping = false;
    loop {
        tokio::select! {
            ended = &mut connection => {
                if let Err(error) = ended {
                    tracing::debug!(%error, "a connection failed");
                }
                return;
            }
            () = stop.cancelled(), if !stopping => {
                // Nothing was begun on it that could come to an end.
                if !slot.has_spoken() {
                    return;
                }
                stopping = true;
                connection.as_mut().graceful_shutdown();
            }
            // Its call was, on HTTP/1.1.
            () = given_up.cancelled() => return,
            () = slot.evicted() => {
                // A word of goodbye, if it can be said at once: GOAWAY, after which a client calls elsewhere.
                connection.as_mut().graceful_shutdown();
                let _ = poll!(connection.as_mut());
                return;
            }
        }
    }
}
