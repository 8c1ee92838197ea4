//! What a value may be, beyond its type.

use std::{fmt::Display, num::NonZeroU32, ops::RangeInclusive};

use tracing_subscriber::EnvFilter;

use crate::{postgres::SchemaName, transport::connection::TrustedProxies};

use super::{
    AccessSettings, AuditSettings, DatabaseSettings, ExportSettings, ReportSettings,
    ServerSettings, Settings, TelemetrySettings,
};

pub(super) type Checked = Result<(), String>;

impl Settings {
    pub(super) fn check(&self) -> Checked {
        self.server.check()?;
        self.tls.check()?;
        self.database.check()?;
        self.access.check()?;
        self.audit.check()?;
        self.export.check()?;
        self.report.check()?;
        self.client.check()?;
        self.telemetry.check()?;
        if self.export.max_concurrent >= self.database.max_connections as usize {
            return Err(format!(
                "settings: export.max_concurrent ({}) must be less than database.max_connections ({}): exports read \
                 over connections all the time, and the other calls need one too",
                self.export.max_concurrent, self.database.max_connections
            ));
        }
        Ok(())
    }
}

impl ServerSettings {
    fn check(&self) -> Checked {
        within(
            "server.max_request_bytes",
            self.max_request_bytes,
            1024..=16 * 1024 * 1024,
        )?;
        within("server.drain_seconds", self.drain_seconds, 0..=3600)?;
        within(
            "server.max_connections",
            self.max_connections,
            1..=1_000_000,
        )?;
        within(
            "server.max_connections_per_address",
            self.max_connections_per_address,
            1..=1_000_000,
        )?;
        within("server.preface_seconds", self.preface_seconds, 1..=600)?;
        TrustedProxies::parse(&self.trusted_proxies, &self.client_address_header)
            .map(drop)
            .map_err(|error| format!("settings: {error}"))
    }
}

impl DatabaseSettings {
    fn check(&self) -> Checked {
        within("database.max_connections", self.max_connections, 2..=1000)?;
        if self.owner_url.is_some() && self.url.is_none() {
            return Err(
                "settings: database.owner_url is set but database.url is not: serving needs its own"
                    .to_owned(),
            );
        }
        if self.url.is_none() && self.schema != SchemaName::default() {
            return Err(
                "settings: database.schema is set but database.url is not: the private cluster has its tables in public"
                    .to_owned(),
            );
        }
        Ok(())
    }
}

impl AccessSettings {
    fn check(&self) -> Checked {
        not_blank("access.issuer", &self.issuer)?;
        not_blank("access.audience", &self.audience)?;
        within("access.leeway_seconds", self.leeway_seconds, 0..=300)?;
        self.check_issuers()
    }
}

impl AuditSettings {
    fn check(&self) -> Checked {
        if let Some(days) = self.retention_days {
            within("audit.retention_days", days, 1..=36_500)?;
        }
        let most = NonZeroU32::MIN..=NonZeroU32::MIN.saturating_add(999_999);
        within(
            "audit.refused_per_caller_per_minute",
            self.refused_per_caller_per_minute,
            most.clone(),
        )?;
        within("audit.refused_per_minute", self.refused_per_minute, most)?;
        within(
            "audit.refused_counts_seconds",
            self.refused_counts_seconds,
            1..=3600,
        )
    }
}

impl ExportSettings {
    fn check(&self) -> Checked {
        within("export.max_concurrent", self.max_concurrent, 1..=999)?;
        if let Some(share) = self.max_per_subject {
            within("export.max_per_subject", share, 1..=self.max_concurrent)?;
        }
        within("export.deadline_seconds", self.deadline_seconds, 1..=86_400)?;
        within("export.stall_seconds", self.stall_seconds, 1..=3600)?;
        within("export.batch_rows", self.batch_rows, 1..=10_000)
    }
}

impl ReportSettings {
    fn check(&self) -> Checked {
        within(
            "report.rilevazioni_in_memoria",
            self.rilevazioni_in_memoria,
            1..=1000,
        )
    }
}

impl TelemetrySettings {
    fn check(&self) -> Checked {
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

pub(super) fn within<T: PartialOrd + Display>(
    key: &str,
    value: T,
    range: RangeInclusive<T>,
) -> Checked {
    // Not `<` and `>`: a NaN is in no range.
    if range.contains(&value) {
        return Ok(());
    }
    let (least, most) = range.into_inner();
    Err(format!(
        "settings: {key} must be from {least} to {most}, not {value}"
    ))
}

pub(super) fn not_blank(key: &str, value: &str) -> Checked {
    if value.trim().is_empty() {
        return Err(format!("settings: {key} must not be blank"));
    }
    Ok(())
}

/// The collector is reached in the clear: it stands beside the service.
fn is_plain_http(endpoint: &str) -> bool {
    endpoint
        .parse::<http::Uri>()
        .is_ok_and(|uri| uri.scheme_str() == Some("http") && uri.host().is_some())
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;

    use secrecy::SecretString;

    use super::Settings;

    #[test]
    fn every_bad_value_is_refused_by_name() {
        type SpoilSettings = fn(&mut Settings);
        let bad: [(&str, SpoilSettings); 27] = [
            ("server.trusted_proxies", |s| {
                s.server.trusted_proxies = vec!["10.0.0.1/24".to_owned()];
            }),
            ("server.client_address_header", |s| {
                s.server.client_address_header = "x y".to_owned();
            }),
            ("server.max_request_bytes", |s| {
                s.server.max_request_bytes = 0;
            }),
            ("server.drain_seconds", |s| s.server.drain_seconds = 3601),
            ("server.max_connections", |s| s.server.max_connections = 0),
            ("server.max_connections_per_address", |s| {
                s.server.max_connections_per_address = 0;
            }),
            ("server.preface_seconds", |s| s.server.preface_seconds = 0),
            ("export.max_per_subject", |s| {
                s.export.max_per_subject = Some(9);
            }),
            ("export.max_per_subject", |s| {
                s.export.max_per_subject = Some(0);
            }),
            ("export.stall_seconds", |s| s.export.stall_seconds = 0),
            ("database.max_connections", |s| {
                s.database.max_connections = 0;
            }),
            ("database.owner_url", |s| {
                s.database.owner_url = Some(SecretString::from("postgres://x"));
            }),
            ("access.issuer", |s| s.access.issuer = " ".to_owned()),
            ("access.audience", |s| s.access.audience.clear()),
            ("access.leeway_seconds", |s| s.access.leeway_seconds = 301),
            ("audit.retention_days", |s| {
                s.audit.retention_days = Some(0);
            }),
            ("audit.refused_per_caller_per_minute", |s| {
                s.audit.refused_per_caller_per_minute = NonZeroU32::MAX;
            }),
            ("audit.refused_per_minute", |s| {
                s.audit.refused_per_minute = NonZeroU32::MAX;
            }),
            ("audit.refused_counts_seconds", |s| {
                s.audit.refused_counts_seconds = 0;
            }),
            ("export.max_concurrent", |s| s.export.max_concurrent = 0),
            ("export.max_concurrent", |s| s.export.max_concurrent = 10),
            ("export.deadline_seconds", |s| s.export.deadline_seconds = 0),
            ("export.batch_rows", |s| s.export.batch_rows = 0),
            ("report.rilevazioni_in_memoria", |s| {
                s.report.rilevazioni_in_memoria = 0;
            }),
            ("telemetry.log", |s| {
                s.telemetry.log = "omnia=loud".to_owned();
            }),
            ("telemetry.sample_ratio", |s| {
                s.telemetry.sample_ratio = f64::NAN;
            }),
            ("telemetry.otlp_endpoint", |s| {
                s.telemetry.otlp_endpoint = Some("https://collector:4317".to_owned());
            }),
        ];
        assert_eq!(Settings::default().check(), Ok(()));
        for (key, spoil) in bad {
            let mut settings = Settings::default();
            spoil(&mut settings);
            let error = settings.check().expect_err(key);
            assert!(error.contains(key), "{key}: {error}");
        }
    }
}
