//! What can go wrong, as the contract names it.
//!
//! ```text
//! valori ── ValueDefect ──┐
//! filtro ── Violation ────┴─► Error { reason, … } ──► grpc::status ──► tonic::Status + google.rpc details
//! sqlx::Error ────────────┘
//! ```
//!
//! An [`Error`] carries a [`Reason`] (the enum of `error_reason.proto`), an English sentence for developers, all the
//! violations of the request at once, and metadata. What must not reach the caller (a database's text) goes
//! into `source` and from there into the log only. This module knows no tonic.

use std::{borrow::Cow, fmt, sync::Arc, time::Duration};

pub use crate::contract::proto::ErrorReason as Reason;
use crate::valori::ValueDefect;

/// What stops a command or the start of the service: one sentence for the operator. Calls fail with [`Error`].
pub type Sentence = Box<dyn std::error::Error + Send + Sync>;

/// A `Result` whose error is [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// One field of a request that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// Path of the field in the request, as in the proto: `filtro.periodo.al`.
    pub field: String,
    /// What is wrong with it.
    pub defect: ValueDefect,
}

/// Collects everything that is wrong with a request, so that the caller learns it at once.
#[derive(Debug, Default)]
pub struct Violations(Vec<Violation>);

impl Violations {
    /// The value, or `None` with the defect noted under the path of the field.
    pub fn check<T>(&mut self, field: &str, value: Result<T, ValueDefect>) -> Option<T> {
        match value {
            Ok(value) => Some(value),
            Err(defect) => {
                self.0.push(Violation {
                    field: field.to_owned(),
                    defect,
                });
                None
            }
        }
    }

    /// Ends the collection.
    ///
    /// # Errors
    /// [`Reason::InvalidRequest`] with all that was noted.
    pub fn finish(self) -> Result<()> {
        if self.0.is_empty() {
            Ok(())
        } else {
            Err(Error::invalid(self.0))
        }
    }
}

/// A quota that is used up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExhaustedQuota {
    /// Whose: `soggetto:mef-rgs-be`.
    pub soggetto: String,
    /// Which, and how much it is.
    pub description: String,
    /// When there is some of it again.
    pub retry_after: Duration,
}

/// A failed call.
#[derive(Debug, Clone)]
pub struct Error {
    /// The stable reason.
    pub reason: Reason,
    /// English, for developers; safe to send.
    pub message: Cow<'static, str>,
    /// All the bad fields; empty unless the reason is [`Reason::InvalidRequest`].
    pub violations: Vec<Violation>,
    /// Facts about the failure that a program may use, as `error_reason.proto` documents them.
    pub metadata: Vec<(&'static str, String)>,
    /// The quota that is used up; only with [`Reason::QuotaExceeded`].
    pub quota: Option<Box<ExhaustedQuota>>,
    /// For the log; never sent.
    pub source: Option<Arc<dyn std::error::Error + Send + Sync>>,
}

impl Error {
    /// An error with a reason and a sentence that is safe to send.
    pub fn new(reason: Reason, message: impl Into<Cow<'static, str>>) -> Self {
        Self {
            reason,
            message: message.into(),
            violations: Vec::new(),
            metadata: Vec::new(),
            quota: None,
            source: None,
        }
    }

    /// A fault of ours: the caller learns only that, the log learns why.
    pub fn internal(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::new(Reason::Internal, "internal error").caused_by(source)
    }

    /// Derived data are not what they were: what is wrong, for the log, and for the operator what to do about it. The caller learns only
    /// that they are damaged.
    pub fn damaged(what: impl fmt::Display) -> Self {
        let what = format!(
            "{what}; `omnia derived verify` tells more, `omnia derived rebuild` makes it again from the rows"
        );
        Self::new(
            Reason::DerivedDataDamaged,
            "data that were made of the rows are damaged; the operator has to make them again",
        )
        .caused_by(what)
    }

    /// An invalid request, with everything that is wrong in it.
    #[must_use]
    pub fn invalid(violations: Vec<Violation>) -> Self {
        Self {
            violations,
            ..Self::new(Reason::InvalidRequest, "the request has invalid fields")
        }
    }

    /// A quota is used up; `quota` is its name in the metadata.
    #[must_use]
    pub fn quota_exhausted(quota: &'static str, exhausted: ExhaustedQuota) -> Self {
        let mut error = Self::new(
            Reason::QuotaExceeded,
            "a quota of the grant is used up; try again later",
        )
        .with("quota", quota);
        error.quota = Some(Box::new(exhausted));
        error
    }

    /// Adds a fact for programs.
    #[must_use]
    pub fn with(mut self, key: &'static str, value: impl Into<String>) -> Self {
        self.metadata.push((key, value.into()));
        self
    }

    /// The error with its cause: for the log, never sent.
    #[must_use]
    pub fn with_cause(&self) -> String {
        match &self.source {
            Some(cause) => format!("{self}: {cause}"),
            None => self.to_string(),
        }
    }

    /// Adds the cause, for the log.
    #[must_use]
    pub fn caused_by(
        mut self,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        self.source = Some(source.into().into());
        self
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.reason.as_str_name(), self.message)?;
        for violation in &self.violations {
            write!(f, "; {}: {}", violation.field, violation.defect)?;
        }
        Ok(())
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        if is_unavailable(&error) {
            Self::new(
                Reason::DatabaseUnavailable,
                "the database does not answer; try again",
            )
            .caused_by(error)
        } else {
            Self::internal(error)
        }
    }
}

/// Whether the same call may succeed later without any change: no connection, a server that stops or starts, a
/// statement that the server gave up.
fn is_unavailable(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_)
        | sqlx::Error::Tls(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed => true,
        // 08: connection exception, 53: insufficient resources, 57: operator intervention, 40: rolled back. And what a
        // server says that turns connections away: 28: not this role, 3D: no such database, 55: not now. 25006: a server that
        // takes no writes, which is what a standby is.
        sqlx::Error::Database(error) => error.code().is_some_and(|code| {
            ["08", "53", "57", "40", "28", "3D", "55", "25006"]
                .iter()
                .any(|c| code.starts_with(c))
        }),
        _ => false,
    }
}
