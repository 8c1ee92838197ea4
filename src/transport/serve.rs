//! Serves connections: HTTP/2 on each, and every request on it handed to one service.
//!
//! This is the loop that tonic has too. It is ours for two things that tonic's does not give away: the task of each call
//! ([`CallTask`](crate::transport::calls::CallTask)), and a connection that makes room for another one ([`Slot`](crate::transport::Slot)).

use std::{convert::Infallible, pin::pin, time::Duration};

use futures_util::{Stream, StreamExt as _, poll};
use http::{Request, Response};
use hyper::{body::Incoming, server::conn::http2};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tonic::body::Body;
use tower::{Service, ServiceExt as _};

use crate::transport::{calls::CallExecutor, connection_io::Connection};

/// A connection on which nothing comes for so long is asked whether it is still there.
const KEEPALIVE: Duration = Duration::from_secs(60);
/// And gets so long to answer.
const KEEPALIVE_ANSWER: Duration = Duration::from_secs(20);
/// Calls at the same time on one connection.
const STREAMS: u32 = 256;
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
    let service = service.map_request(move |request: Request<Incoming>| {
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(accepted.clone());
        request
    });
    let mut connection = pin!(
        http2::Builder::new(CallExecutor(slot.clone()))
            .timer(TokioTimer::new())
            .keep_alive_interval(KEEPALIVE)
            .keep_alive_timeout(KEEPALIVE_ANSWER)
            .max_concurrent_streams(STREAMS)
            .max_header_list_size(MAX_HEADER_BYTES)
            .serve_connection(TokioIo::new(stream), TowerToHyperService::new(service))
    );
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
            () = slot.evicted() => {
                // A word of goodbye, if it can be said at once: GOAWAY, after which a client calls elsewhere.
                connection.as_mut().graceful_shutdown();
                let _ = poll!(connection.as_mut());
                return;
            }
        }
    }
}
