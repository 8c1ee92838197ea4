//! Files: those of the resources, byte for byte. A browser that was cut off goes on from where it was (RFC 9110, 14).

use http::{
    HeaderName, HeaderValue, Method, Request, StatusCode,
    header::{ACCEPT, CONTENT_TYPE, IF_NONE_MATCH, IF_RANGE, RANGE},
    request::Parts,
};
use http_body_util::{BodyExt as _, Full};
use serde_json::{Map, Value, json};
use tonic::body::Body;

use super::{
    context::{Answered, PageContext},
    dettaglio,
};
use crate::cruscotto::{failure::PageFailure, query::Query};

/// What a browser says of the part that it wants.
const PASSED_ON: [HeaderName; 3] = [RANGE, IF_RANGE, IF_NONE_MATCH];

/// The file of a report.
pub(super) async fn sintesi(context: &PageContext, asked: &Parts) -> Answered {
    let path = context
        .query
        .without(&["ordina", "verso"])
        .at("/v1/report-sintetico/file");
    file(context, asked, Method::GET, &path, None).await
}

/// The file of decrees.
pub(super) async fn dettaglio(context: &PageContext, norm: &str, asked: &Parts) -> Answered {
    let company = dettaglio::company(context).await?;
    let query = context.query.without(&["ricerca", "pagina", "dalla_riga"]);
    let code = percent_encoding::utf8_percent_encode(norm, percent_encoding::NON_ALPHANUMERIC);
    let resource = format!("/v1/normative/{code}/decreti");
    if company.is_empty() {
        let path = query.at(&format!("{resource}/file"));
        return file(context, asked, Method::GET, &path, None).await;
    }
    // With a codice fiscale it is asked for in a body, here too.
    let body = search(&query, &company);
    let path = format!("{resource}/ricerca/file");
    file(context, asked, Method::POST, &path, Some(body)).await
}

/// The file of the differences between two rilevazioni.
pub(super) async fn confronto(context: &PageContext, asked: &Parts) -> Answered {
    let path = context.query.at("/v1/differenze/file");
    file(context, asked, Method::GET, &path, None).await
}

/// A request of the resource, of what a query and a search say.
fn search(query: &Query, company: &str) -> Value {
    let mut filtro = Map::new();
    let mut periodo = Map::new();
    let mut request = Map::new();
    for (name, value) in query.pairs() {
        let part = match name.as_str() {
            "dal" | "al" | "criterio" => &mut periodo,
            "rilevazione" | "formato" => &mut request,
            _ => &mut filtro,
        };
        let number = (name == "rilevazione")
            .then(|| value.parse::<i32>().ok())
            .flatten();
        part.insert(
            name.clone(),
            number.map_or_else(|| json!(value), |number| json!(number)),
        );
    }
    if !periodo.is_empty() {
        filtro.insert("periodo".to_owned(), Value::Object(periodo));
    }
    filtro.insert("cf_azienda".to_owned(), json!(company));
    request.insert("filtro".to_owned(), Value::Object(filtro));
    Value::Object(request)
}

/// What a resource answers; a refusal as a page.
pub(super) async fn file(
    context: &PageContext,
    asked: &Parts,
    method: Method,
    path: &str,
    body: Option<Value>,
) -> Answered {
    let method = match (&asked.method, &body) {
        (&Method::HEAD, None) => Method::HEAD,
        _ => method,
    };
    let mut request = Request::builder()
        .method(method)
        .uri(path)
        .version(asked.version);
    if let Some(headers) = request.headers_mut() {
        for name in PASSED_ON {
            if let Some(value) = asked.headers.get(&name) {
                headers.insert(name, value.clone());
            }
        }
        headers.insert(ACCEPT, HeaderValue::from_static("*/*"));
        if body.is_some() {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        }
    }
    let body = body.map_or_else(Body::empty, |body| Body::new(Full::from(body.to_string())));
    let request = request.body(body).map_err(|_| PageFailure::not_found())?;
    let response = context.calls.resource(request).await;
    let status = response.status();
    // A browser that asks for what lies beyond the end is told where the end is.
    let is_beyond = status == StatusCode::RANGE_NOT_SATISFIABLE;
    if is_beyond || !status.is_client_error() && !status.is_server_error() {
        return Ok(response);
    }
    let body = response.into_body().collect().await;
    let body = body.map(|body| body.to_bytes()).unwrap_or_default();
    Err(PageFailure::of_problem(status, &body))
}
