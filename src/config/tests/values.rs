use std::num::NonZeroU32;

use secrecy::SecretString;

use crate::config::Settings;

#[test]
fn every_bad_value_is_refused_by_name() {
    type SpoilSettings = fn(&mut Settings);
    let bad: [(&str, SpoilSettings); 28] = [
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
        ("web.origins", |s| {
            s.web.origins = vec!["https://a.example".to_owned(), "*".to_owned()];
        }),
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
