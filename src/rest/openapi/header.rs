//! The headers of answers.

use serde_json::{Value, json};

fn number(description: &str) -> Value {
    json!({
        "description": description,
        "schema": {"type": "integer", "format": "int32", "minimum": 0, "maximum": i32::MAX},
    })
}

/// All of them, for `components`.
pub(super) fn components() -> Value {
    json!({
        "X-RateLimit-Limit": number("Calls that the quota of the grant gives. Absent without a quota."),
        "X-RateLimit-Remaining": number("Calls that are left of it. Absent without a quota."),
        "X-RateLimit-Reset": number("Seconds until there are more. Absent without a quota."),
        "Retry-After": number("Seconds after which to call again."),
        "WWW-Authenticate": {
            "description": "How one may come in: `Bearer` and `DPoP`, with what is wrong (RFC 6750, RFC 9449).",
            "schema": {"type": "string", "maxLength": 255},
        },
    })
}

/// Those of an answer.
pub(super) fn of(status: u16) -> Value {
    let mut names = Vec::new();
    if (200..300).contains(&status) || (400..500).contains(&status) {
        names.extend([
            "X-RateLimit-Limit",
            "X-RateLimit-Remaining",
            "X-RateLimit-Reset",
        ]);
    }
    match status {
        401 => names.push("WWW-Authenticate"),
        429 | 503 => names.push("Retry-After"),
        _ => {}
    }
    let headers = names.into_iter().map(|name| {
        let reference = json!({"$ref": format!("#/components/headers/{name}")});
        (name.to_owned(), reference)
    });
    Value::Object(headers.collect())
}
