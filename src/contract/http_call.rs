//! Where a call came: by gRPC or gRPC-Web under its own path, or in HTTP and JSON ([`crate::rest`]) under that of a resource.

use std::borrow::Cow;

use super::proto::path_of;

/// A call that came in HTTP and JSON, as it was spelt there. It stands in the extensions of the request that the call was made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpCall {
    /// GET, HEAD or POST.
    pub method: http::Method,
    /// Without the query.
    pub path: String,
}

/// A call that came by gRPC-Web, under the path of gRPC. It stands in the extensions of the request that the call was made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GrpcWebCall;

/// A call that a page of the Cruscotto makes for the person who looks at it. It stands in the extensions of its request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageCall;

/// What a proof of possession has to be for (RFC 9449, 4.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CallTarget<'a> {
    /// A gRPC call: `"DecreeService/ListDecrees"`.
    Grpc(&'a str),
    /// A resource.
    Http(&'a HttpCall),
}

impl CallTarget<'_> {
    /// The method of its request.
    #[must_use]
    pub fn method(&self) -> &str {
        match self {
            Self::Grpc(_) => "POST",
            Self::Http(call) => call.method.as_str(),
        }
    }

    /// The path of its request, without the first slash.
    #[must_use]
    pub fn path(&self) -> Cow<'_, str> {
        match self {
            Self::Grpc(rpc) => path_of(rpc).into(),
            Self::Http(call) => call.path.strip_prefix('/').unwrap_or(&call.path).into(),
        }
    }
}
