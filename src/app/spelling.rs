//! What stands before the calls: the other ways to spell one, what is public, and which pages may read the answers.

use std::{convert::Infallible, time::Duration};

use http::{HeaderName, Request, Response};
use tonic::body::Body;
use tower::{Service, ServiceBuilder};

use super::cruscotto::Pages;
use crate::{
    config::Settings,
    contract::proto::FILE_DESCRIPTOR_SET,
    error::Sentence,
    grpc::web::GrpcWebLayer,
    rest::{PublicLayer, RestLayer, RestTable},
    transport::web::{CorsLayer, Origins},
};

/// Lets `service`, which is called by gRPC, be called by gRPC-Web and in HTTP and JSON too. `address_header`: in which proxies say where a
/// request comes from; `serves`: whether calls are answered now.
///
/// # Errors
/// A contract that cannot be spelt so; an origin that is none.
pub(super) fn spelt<S>(
    service: S,
    settings: &Settings,
    pages: Pages,
    address_header: HeaderName,
    serves: impl Fn() -> bool + Send + Sync + 'static,
) -> Result<
    impl Service<Request<Body>, Response = Response<Body>, Error = Infallible, Future: Send>
    + Clone
    + Send
    + 'static,
    Sentence,
>
where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible>
        + Clone
        + Send
        + Sync
        + 'static,
    S::Future: Send + 'static,
{
    let rest = RestTable::of_contract(FILE_DESCRIPTOR_SET)?;
    let limit = settings.server.max_request_bytes;
    let patience = Duration::from_secs(settings.server.preface_seconds);
    let rest = RestLayer::new(rest, limit, patience, address_header);
    let server = settings.access.public_urls.first();
    let public = PublicLayer::new(
        FILE_DESCRIPTOR_SET,
        server,
        settings.cruscotto.is_on(),
        serves,
    );
    let origins = Origins::parse(&settings.web.origins)?;
    let layers = ServiceBuilder::new()
        .layer(CorsLayer::new(origins.clone()))
        .layer(public)
        .layer(pages)
        .layer(GrpcWebLayer::new(origins))
        .layer(rest);
    Ok(layers.service(service))
}
