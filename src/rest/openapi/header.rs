//! The headers of answers.

use serde_json::{Value, json};

fn number(description: &str) -> Value {
    json!({
        "description": description,
        "schema": {"type": "integer", "format": "int32", "minimum": 0, "maximum": i32::MAX},
    })
}

fn text(description: &str) -> Value {
    json!({
        "description": description,
        "schema": {"type": "string", "maxLength": 255},
    })
}

/// One that is always there.
fn always(mut header: Value) -> Value {
    header["required"] = json!(true);
    header
}

/// Of an answer that the caller may keep, and of a file, of the whole and of a part.
pub(super) const KEPT: &[&str] = &["ETag"];
pub(super) const FILE: &[&str] = &[
    "ETag",
    "Accept-Ranges",
    "Content-Disposition",
    "Repr-Digest",
];
pub(super) const PART: &[&str] = &[
    "ETag",
    "Content-Range",
    "Content-Disposition",
    "Repr-Digest",
];

/// All of them, for `components`.
pub(super) fn components() -> Value {
    json!({
        "X-RateLimit-Limit": number("Calls that the quota of the grant gives: in a day (in Rome), else in a second. The three are absent where the grant has neither quota, and where no grant was found."),
        "X-RateLimit-Remaining": number("Calls that are left of it, as far as the instance that answers knows."),
        "X-RateLimit-Reset": number("Seconds until there are all of them again."),
        "Retry-After": number("Seconds after which to call again."),
        "WWW-Authenticate": always(text("How one may come in: `Bearer` and `DPoP`, with what is wrong (RFC 6750, RFC 9449).")),
        "Cache-Control": always(text("`private, no-cache` where the answer may be kept and asked for again, else `no-store`, as of each refusal.")),
        "ETag": always(text("Stands for the bytes of the answer: for `If-None-Match`, and of a file for `If-Range`.")),
        "Accept-Ranges": always(text("`bytes`: a part of the file can be asked for.")),
        "Content-Range": always(text("Which part it is, and how long the whole file is.")),
        "Content-Disposition": always(text("A name to save the file by.")),
        "Repr-Digest": text("The SHA-256 of the whole file (RFC 9530). It is a trailer where it is not known before."),
    })
}

/// Those of an answer: of its status, and of what it is.
pub(super) fn of(status: u16, more: &[&'static str]) -> Value {
    let mut names = more.to_vec();
    if (200..300).contains(&status) || (400..500).contains(&status) {
        names.extend([
            "X-RateLimit-Limit",
            "X-RateLimit-Remaining",
            "X-RateLimit-Reset",
        ]);
    }
    names.push("Cache-Control");
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
