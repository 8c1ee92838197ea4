//! What a document says of the service as a whole.

use prost_reflect::ServiceDescriptor;
use serde_json::{Value, json};

use super::{error, header, mode::Mode};

/// The tag of what is no call.
pub(super) const OF_THE_SERVICE: &str = "Service";

const ABOUT: &str = "INPS pays wage-integration benefits out of appropriations that the law caps. The service shows the ministries of Labour and of \
Economy, to the cent, how much of each cap is authorised and how much is paid, and the decrees behind each figure (INPS Messaggio 4648 of \
22 December 2023).

Amounts and hours are decimal texts, whole numbers of 64 bits are texts too. A column that the caller's profile does not see is there and \
empty. Days are those of Europe/Rome, instants are UTC. A field or a parameter that there is not is refused.

A codice fiscale is never in a URL, because URLs end up in logs: a search by employer is a POST.";

/// The tag of a service: its name.
pub(super) fn tag(service: &ServiceDescriptor) -> String {
    let name = service.name();
    name.strip_suffix("Service").unwrap_or(name).to_owned()
}

pub(super) fn info(mode: Mode, server: &str) -> Value {
    let (title, summary) = match mode {
        Mode::Reads => (
            "OMNIA IS Monitoraggio",
            "What Italy spends on wage integration: appropriated, authorised and paid",
        ),
        Mode::Writes => (
            "OMNIA IS Monitoraggio: abilitazioni",
            "The life of the AA07 grants of OMNIA IS Monitoraggio, for INPS staff",
        ),
    };
    json!({
        "title": title,
        "version": env!("CARGO_PKG_VERSION"),
        "x-summary": summary,
        "description": ABOUT,
        "contact": {
            "name": "Istituto Nazionale della Previdenza Sociale",
            "url": "https://www.inps.it",
        },
        "termsOfService": format!("{}/", base(server)),
        "license": {"name": "EUPL-1.2", "url": "https://joinup.ec.europa.eu/collection/eupl/eupl-text-eupl-12"},
    })
}

pub(super) fn servers(server: &str) -> Value {
    json!([{"url": base(server), "description": "Where the service is reached"}])
}

fn base(server: &str) -> &str {
    server.trim_end_matches('/')
}

pub(super) fn security_schemes() -> Value {
    json!({
        "bearerAuth": {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "JWT",
            "description": "A voucher of PDND, or a token of another issuer that the service trusts.",
        },
        "dpopAuth": {
            "type": "http",
            "scheme": "DPoP",
            "description": "A voucher that is bound to a key (`cnf.jkt`), with a proof of that key in the header `DPoP` (RFC 9449).",
        },
    })
}

/// A token of either kind.
pub(super) fn security() -> Value {
    json!([{"bearerAuth": []}, {"dpopAuth": []}])
}

/// `GET /status`.
pub(super) fn status() -> Value {
    json!({
        "operationId": "status",
        "summary": "Whether the service answers calls",
        "description": "Whether the service answers calls. It needs no token and is not recorded.",
        "tags": [OF_THE_SERVICE],
        "security": [],
        "responses": {
            "200": {
                "description": "It answers calls.",
                "headers": header::of(200, &[]),
                "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
            },
            "503": error::reference(503),
        },
    })
}
