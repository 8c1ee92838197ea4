//! Why there is no answer: the call failed, or the request is none that can be answered.

use http::{
    HeaderMap, HeaderValue, Method, StatusCode,
    header::{ALLOW, CONTENT_RANGE},
};
use tonic::Status;

use crate::{
    error::{Error, Reason, Violations},
    valori::ValueDefect,
};

/// Why there is no answer.
#[derive(Debug)]
pub(super) enum NoAnswer {
    /// What the call ended with.
    Call(Status),
    /// What HTTP alone has a word for.
    Request(Box<Refusal>),
}

impl From<Status> for NoAnswer {
    fn from(status: Status) -> Self {
        Self::Call(status)
    }
}

impl From<Error> for NoAnswer {
    fn from(error: Error) -> Self {
        Self::Call(error.into())
    }
}

impl From<Refusal> for NoAnswer {
    fn from(refusal: Refusal) -> Self {
        Self::Request(Box::new(refusal))
    }
}

/// Why a request is no call, and how HTTP says it.
#[derive(Debug, Clone)]
pub(super) struct Refusal {
    pub(super) error: Error,
    /// Another status than that of the reason.
    pub(super) status: Option<StatusCode>,
    /// What belongs to it.
    pub(super) headers: HeaderMap,
}

const UNSATISFIABLE: ValueDefect =
    ValueDefect::new("is beyond the end of the file", "è oltre la fine del file");

impl Refusal {
    fn new(error: Error, status: StatusCode) -> Self {
        Self {
            error,
            status: Some(status),
            headers: HeaderMap::new(),
        }
    }

    /// 404
    pub(super) fn nowhere() -> Self {
        Error::new(Reason::CallUnknown, "there is no such resource").into()
    }

    /// 405
    pub(super) fn other_methods(methods: &[&Method]) -> Self {
        let error = Error::new(
            Reason::CallUnknown,
            "this resource does not have this method",
        );
        let mut allowed: Vec<&str> = methods.iter().map(|method| method.as_str()).collect();
        if allowed.contains(&"GET") {
            allowed.push("HEAD");
        }
        Self::new(error, StatusCode::METHOD_NOT_ALLOWED).with(ALLOW, &allowed.join(", "))
    }

    /// 406
    pub(super) fn not_acceptable(gives: &str) -> Self {
        let error = Error::new(
            Reason::InvalidRequest,
            format!("this resource is given as {gives} only"),
        );
        Self::new(error, StatusCode::NOT_ACCEPTABLE)
    }

    /// 408
    pub(super) fn too_slow() -> Self {
        let error = Error::new(Reason::MessageMalformed, "the body did not come in time");
        Self::new(error, StatusCode::REQUEST_TIMEOUT)
    }

    /// 413
    pub(super) fn too_large() -> Self {
        Error::new(
            Reason::MessageTooLarge,
            "the request is larger than this server accepts",
        )
        .into()
    }

    /// 415
    pub(super) fn not_json() -> Self {
        let error = Error::new(
            Reason::MessageMalformed,
            "the content-type of the body is not application/json",
        );
        Self::new(error, StatusCode::UNSUPPORTED_MEDIA_TYPE)
    }

    /// 415: of a body that is compressed.
    pub(super) fn compressed() -> Self {
        let error = Error::new(
            Reason::MessageMalformed,
            "the body is compressed (content-encoding), which is not supported",
        );
        Self::new(error, StatusCode::UNSUPPORTED_MEDIA_TYPE)
    }

    /// 400
    pub(super) fn broken() -> Self {
        Error::new(Reason::MessageMalformed, "the body did not come whole").into()
    }

    /// 416, of a file of so many bytes.
    pub(super) fn unsatisfiable(size: u64) -> Self {
        let mut violations = Violations::default();
        violations.check::<()>("Range", Err(UNSATISFIABLE));
        let error = violations.finish().err();
        let error = error.unwrap_or_else(|| Error::internal("a defect was not noted"));
        let size = format!("bytes */{size}");
        Self::new(error, StatusCode::RANGE_NOT_SATISFIABLE).with(CONTENT_RANGE, &size)
    }

    /// 505: HTTP/1.0 ends an answer of unknown length by closing the connection: one that broke off would look whole.
    pub(super) fn version_too_old() -> Self {
        let error = Error::new(
            Reason::InvalidRequest,
            "this resource is given by HTTP/1.1 or HTTP/2 only",
        );
        Self::new(error, StatusCode::HTTP_VERSION_NOT_SUPPORTED)
    }

    fn with(mut self, name: http::HeaderName, value: &str) -> Self {
        // Letters, digits and signs of ours: they are always a header.
        if let Ok(value) = HeaderValue::from_str(value) {
            self.headers.insert(name, value);
        }
        self
    }
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        Self {
            error,
            status: None,
            headers: HeaderMap::new(),
        }
    }
}
