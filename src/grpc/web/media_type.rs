//! In which form gRPC-Web comes and goes.

use http::{
    HeaderMap, HeaderValue,
    header::{ACCEPT, CONTENT_TYPE},
};

use crate::grpc::protocol::single;

/// How the bytes of a body are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum WebForm {
    /// As they are.
    Binary,
    /// In base64, for what can read text only.
    Text,
}

impl WebForm {
    /// The form of a request with these headers. `None`: it is no gRPC-Web.
    pub(super) fn of_request(headers: &HeaderMap) -> Option<Self> {
        Self::of_media_type(single(headers, CONTENT_TYPE).ok()??)
    }

    /// In which form the answer is wanted: as the request, unless it says otherwise.
    pub(super) fn wanted(self, headers: &HeaderMap) -> Self {
        let accepted = single(headers, ACCEPT).ok().flatten().unwrap_or_default();
        let first = accepted.split(',').find_map(Self::of_media_type);
        first.unwrap_or(self)
    }

    pub(super) fn media_type(self) -> HeaderValue {
        HeaderValue::from_static(match self {
            Self::Binary => "application/grpc-web+proto",
            Self::Text => "application/grpc-web-text+proto",
        })
    }

    fn of_media_type(value: &str) -> Option<Self> {
        // Parameters say nothing that we would heed.
        let media_type = value.split(';').next().unwrap_or_default().trim();
        match media_type.to_ascii_lowercase().as_str() {
            "application/grpc-web" | "application/grpc-web+proto" => Some(Self::Binary),
            "application/grpc-web-text" | "application/grpc-web-text+proto" => Some(Self::Text),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_of_request_and_answer() {
        use WebForm::{Binary, Text};
        for (content_type, accept, expected) in [
            ("application/grpc-web", "", Some((Binary, Binary))),
            ("application/grpc-web+proto", "*/*", Some((Binary, Binary))),
            (
                "Application/GRPC-Web; charset=utf-8",
                "",
                Some((Binary, Binary)),
            ),
            ("application/grpc-web-text", "*/*", Some((Text, Text))),
            (
                "application/grpc-web-text+proto",
                "application/grpc-web-text",
                Some((Text, Text)),
            ),
            (
                "application/grpc-web-text",
                "application/grpc-web+proto",
                Some((Text, Binary)),
            ),
            (
                "application/grpc-web+proto",
                "text/html, application/grpc-web-text;q=1",
                Some((Binary, Text)),
            ),
            ("application/grpc", "application/grpc-web", None),
            ("application/grpc-web+json", "", None),
            ("application/grpc-webx", "", None),
            ("", "", None),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
            headers.insert(ACCEPT, HeaderValue::from_static(accept));
            let form = WebForm::of_request(&headers);
            let both = form.map(|form| (form, form.wanted(&headers)));
            assert_eq!(both, expected, "{content_type} {accept}");
        }
        let mut twice = HeaderMap::new();
        for _ in 0..2 {
            twice.append(CONTENT_TYPE, Binary.media_type());
        }
        assert_eq!(WebForm::of_request(&twice), None);
        assert_eq!(WebForm::of_request(&HeaderMap::new()), None);
    }
}
