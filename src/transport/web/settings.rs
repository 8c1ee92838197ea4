//! `[web]`

use serde::Deserialize;

use super::origin::Origins;
use crate::setting::{Checked, list};

/// `[web]`: which pages in browsers may call. Without an origin there is no gRPC-Web, and no browser lets a page of elsewhere read an answer.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct WebSettings {
    /// The origins whose pages may call, by gRPC-Web and in HTTP and JSON, each as browsers write it: `https://host[:port]`.
    #[serde(deserialize_with = "list::deserialize")]
    pub origins: Vec<String>,
}

impl WebSettings {
    pub(crate) fn check(&self) -> Checked {
        Origins::parse(&self.origins)
            .map(drop)
            .map_err(|error| format!("settings: {error}"))
    }
}
