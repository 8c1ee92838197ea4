//! `[telemetry]`

use serde::Deserialize;
use tracing_subscriber::EnvFilter;

use crate::setting::{Checked, within};

/// `[telemetry]`
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TelemetrySettings {
    /// What to log, as `tracing` writes it: `info,sqlx=warn`.
    pub log: String,
    /// How to log.
    pub format: LogFormat,
    /// OTLP collector for traces and metrics (`http://host:4317`). Without it, none are sent.
    pub otlp_endpoint: Option<String>,
    /// Share of the calls that are traced, 0 to 1, where the caller has not decided.
    pub sample_ratio: f64,
}

/// How log lines are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

impl Default for TelemetrySettings {
    fn default() -> Self {
        Self {
            // The server's notices are not news.
            log: "info,sqlx=warn".to_owned(),
            format: LogFormat::Text,
            otlp_endpoint: None,
            sample_ratio: 0.01,
        }
    }
}

impl TelemetrySettings {
    pub(crate) fn check(&self) -> Checked {
        EnvFilter::try_new(&self.log)
            .map_err(|error| format!("settings: telemetry.log {:?}: {error}", self.log))?;
        within("telemetry.sample_ratio", self.sample_ratio, 0.0..=1.0)?;
        match &self.otlp_endpoint {
            Some(endpoint) if !is_plain_http(endpoint) => Err(format!(
                "settings: telemetry.otlp_endpoint must be like http://host:4317, not {endpoint:?}"
            )),
            _ => Ok(()),
        }
    }
}

/// The collector is reached in the clear: it stands beside the service.
fn is_plain_http(endpoint: &str) -> bool {
    endpoint
        .parse::<http::Uri>()
        .is_ok_and(|uri| uri.scheme_str() == Some("http") && uri.host().is_some())
}
