//! What every error of the contract has, whatever went wrong.

use std::{collections::BTreeMap, time::Duration};

use omnia::contract::proto::ErrorReason;
use tonic::{Code, Status};
use tonic_types::StatusExt as _;

/// Marks of an inside that no caller is shown: statements, the names of the database and of its driver, files.
const INSIDE: [&str; 18] = [
    "select ",
    "where ",
    "dettaglio_decreto",
    "relation",
    "sqlx",
    "postgres",
    "pg_",
    "pool",
    "socket",
    "prost",
    "tonic",
    "hyper",
    "h2 ",
    "panicked",
    ".rs",
    "/tmp",
    "/src",
    "/home",
];

/// An error as a program sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContractError {
    pub code: Code,
    pub reason: ErrorReason,
    pub metadata: BTreeMap<String, String>,
    pub violations: Vec<String>,
    pub retry: Option<Duration>,
    pub message: String,
    pub italian: String,
}

/// Reads an error, and checks what every error owes its caller.
pub fn contract_error(status: &Status) -> ContractError {
    let details = status.get_error_details();
    let info = details
        .error_info()
        .unwrap_or_else(|| panic!("no ErrorInfo: {status:?}"));
    assert_eq!(info.domain, "omnia.inps.it");
    let reason = ErrorReason::from_str_name(&info.reason).unwrap();
    assert_ne!(reason, ErrorReason::Unspecified);
    assert!(!status.message().is_empty(), "{status:?}");
    let localized = details
        .localized_message()
        .unwrap_or_else(|| panic!("no LocalizedMessage: {status:?}"));
    assert_eq!(localized.locale, "it-IT");
    assert!(!localized.message.is_empty());
    let violations: Vec<_> = details
        .bad_request()
        .map(|bad| {
            bad.field_violations
                .iter()
                .map(|v| v.field.clone())
                .collect()
        })
        .unwrap_or_default();
    assert_eq!(
        reason == ErrorReason::InvalidRequest,
        !violations.is_empty(),
        "{status:?}"
    );
    let retry = details.retry_info().map(|r| r.retry_delay.unwrap());
    let comes_back = matches!(
        reason,
        ErrorReason::DatabaseUnavailable
            | ErrorReason::ShuttingDown
            | ErrorReason::TooManyExports
            | ErrorReason::TooManyStreams
            | ErrorReason::KeysUnavailable
            | ErrorReason::AuditUnavailable
            | ErrorReason::QuotaExceeded
    );
    assert_eq!(retry.is_some(), comes_back, "{status:?}");
    let quota = details.quota_failure().is_some();
    assert_eq!(reason == ErrorReason::QuotaExceeded, quota, "{status:?}");
    // The details as they travel, so that nothing in them is overlooked.
    let sent = format!(
        "{} {}",
        status.message(),
        String::from_utf8_lossy(status.details())
    )
    .to_lowercase();
    for inside in INSIDE {
        assert!(!sent.contains(inside), "{inside:?} in {sent}");
    }
    ContractError {
        code: status.code(),
        reason,
        metadata: info.metadata.clone().into_iter().collect(),
        violations,
        retry,
        message: status.message().to_owned(),
        italian: localized.message.clone(),
    }
}

/// Checks the reason and its code.
#[track_caller]
pub fn assert_error(status: &Status, code: Code, reason: ErrorReason) -> ContractError {
    let error = contract_error(status);
    assert_eq!((error.code, error.reason), (code, reason), "{status:?}");
    error
}
