//! What a Flight client shows of an error: its message. pyarrow gives nothing else of a status to its caller.
//!
//! ```text
//! gRPC    message "the request has invalid fields"; details BadRequest{normativa: …}, ErrorInfo{reason, metadata}
//! Flight  message "the request has invalid fields: normativa: must be …; filtro.numero_decreto: must be … (ERROR_REASON_INVALID_REQUEST)"
//!         and the same details
//! ```
//!
//! It is a layer over all the others, so that what the door refuses, and what a stream ends with, reads so too.

use std::{
    fmt::Write as _,
    pin::Pin,
    task::{Context, Poll},
};

use futures_util::future::Either;
use http::{HeaderMap, Request, Response};
use http_body::Frame;
use http_body_util::BodyExt as _;
use tonic::{Code, Status, body::Body};
use tonic_types::StatusExt as _;
use tower::{Layer, Service};

use crate::contract::proto::{FLIGHT_PACKAGE, FLIGHT_SERVICE};

const MESSAGE: &str = "grpc-message";
/// Of the fields' part, in bytes: a status travels in a header, and has them in its details too.
const MOST: usize = 2 * 1024;
/// Of one fact. A ticket to go on with is longer, and stands in the last batch that came.
const MOST_OF_FACT: usize = 128;

/// Puts [`Messages`] around a service.
#[derive(Debug, Clone, Copy, Default)]
pub struct MessagesLayer;

impl<S> Layer<S> for MessagesLayer {
    type Service = Messages<S>;

    fn layer(&self, inner: S) -> Messages<S> {
        Messages { inner }
    }
}

/// A service whose Flight errors tell all in their message.
#[derive(Debug, Clone)]
pub struct Messages<S> {
    inner: S,
}

type Boxed<T> = Pin<Box<dyn Future<Output = T> + Send>>;

impl<S> Service<Request<Body>> for Messages<S>
where
    S: Service<Request<Body>, Response = Response<Body>>,
    S::Future: Send + 'static,
{
    type Response = Response<Body>;
    type Error = S::Error;
    type Future = Either<S::Future, Boxed<Result<Response<Body>, S::Error>>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let flight = is_flight(request.uri().path());
        let answer = self.inner.call(request);
        if !flight {
            return Either::Left(answer);
        }
        Either::Right(Box::pin(async move {
            let (mut parts, body) = answer.await?.into_parts();
            if parts.headers.contains_key("grpc-status") {
                tell(&mut parts.headers);
                return Ok(Response::from_parts(parts, body));
            }
            let body = body.map_frame(|frame| match frame.into_trailers() {
                Ok(mut trailers) => {
                    tell(&mut trailers);
                    Frame::trailers(trailers)
                }
                Err(data) => data,
            });
            Ok(Response::from_parts(parts, Body::new(body)))
        }))
    }
}

fn is_flight(path: &str) -> bool {
    let service = path
        .strip_prefix('/')
        .and_then(|path| path.split('/').next());
    let service = service.and_then(|service| service.strip_prefix(FLIGHT_PACKAGE));
    service.and_then(|service| service.strip_prefix('.')) == Some(FLIGHT_SERVICE)
}

/// Gives the status in these headers, if it is an error of ours, a message that tells all.
fn tell(headers: &mut HeaderMap) {
    let Some(status) = Status::from_header_map(headers) else {
        return;
    };
    let Some(message) = whole(&status) else {
        return;
    };
    let mut told = HeaderMap::new();
    // Encoded as gRPC wants it.
    if Status::new(status.code(), message)
        .add_header(&mut told)
        .is_ok()
        && let Some(message) = told.remove(MESSAGE)
    {
        headers.insert(MESSAGE, message);
    }
}

fn whole(status: &Status) -> Option<String> {
    let details = status.get_error_details();
    let info = details.error_info().filter(|_| status.code() != Code::Ok)?;
    let mut message = status.message().to_owned();
    let violations = details.bad_request().map(|bad| &bad.field_violations[..]);
    let mut room = MOST;
    for (place, violation) in violations.unwrap_or_default().iter().enumerate() {
        let text = format!("{}: {}", violation.field, violation.description);
        let separator = if place == 0 { ": " } else { "; " };
        match room.checked_sub(text.len()) {
            Some(left) => room = left,
            None => {
                message.push_str("; and more");
                break;
            }
        }
        message.push_str(separator);
        message.push_str(&text);
    }
    let mut facts: Vec<_> = info
        .metadata
        .iter()
        .filter(|(_, value)| value.len() <= MOST_OF_FACT)
        .collect();
    facts.sort_unstable();
    // Writing to a String cannot fail.
    let _ = write!(message, " ({}", info.reason);
    for (key, value) in facts {
        let _ = write!(message, "; {key}: {value}");
    }
    message.push(')');
    Some(message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        error::{Error, Reason, Violation},
        valori::ValueDefect,
    };

    fn told(error: Error) -> String {
        let mut headers = HeaderMap::new();
        Status::from(error).add_header(&mut headers).unwrap();
        tell(&mut headers);
        Status::from_header_map(&headers)
            .unwrap()
            .message()
            .to_owned()
    }

    #[test]
    fn fields_reason_and_facts_stand_in_the_message() {
        let violation = |field: &str| Violation {
            field: field.to_owned(),
            defect: ValueDefect::new("must be 100 %", "deve essere il 100 %"),
        };
        assert_eq!(
            told(Error::invalid(vec![violation("a"), violation("b.c")])),
            "the request has invalid fields: a: must be 100 %; b.c: must be 100 % (ERROR_REASON_INVALID_REQUEST)"
        );
        let many = told(Error::invalid(vec![violation("x"); 1000]));
        assert!(many.len() < 3000 && many.contains("; and more ("), "{many}");
        let denied = Error::new(Reason::FilterDenied, "not this filter")
            .with("rpc", "FlightService/DoGet")
            .with("filtri", "cf_azienda")
            .with("ripresa", "x".repeat(1000));
        assert_eq!(
            told(denied),
            "not this filter (ERROR_REASON_FILTER_DENIED; filtri: cf_azienda; rpc: FlightService/DoGet)"
        );
    }

    #[test]
    fn only_paths_of_flight() {
        assert!(is_flight("/arrow.flight.protocol.FlightService/DoGet"));
        assert!(is_flight("/arrow.flight.protocol.FlightService/NoSuch"));
        for other in [
            "/inps.omnia.monitoraggio.v1.DecreeService/ListDecrees",
            "/arrow.flight.protocol.FlightServiceX/DoGet",
            "/arrow.flight.protocolFlightService/DoGet",
            "/",
            "",
        ] {
            assert!(!is_flight(other), "{other}");
        }
    }
}
