//! Why a call or a download did not come to its end, and what that means for the user of the command.
//!
//! ```text
//! tonic::Status ─► ServiceRefusal (the google.rpc details, read) ─┬─► Refused      the same call will be refused again
//! broken connection, unavailable, time is up ─────────────────────┴─► Transient    later it may succeed: tried again
//! bytes or totals that are not those vouched for ───────────────────► Mismatch     never a file that looks whole
//! file, token, certificate of this machine ─────────────────────────► Local
//! ```

use std::{fmt, process::ExitCode, time::Duration};

use super::service_refusal::{MessageLanguage, ServiceRefusal, causes, tls};
use crate::error::{Reason, Sentence};

/// The server ended the stream by a limit of its own: what is missing is asked for at once.
const RESUMABLE: [Reason; 2] = [Reason::ExportDeadline, Reason::ExportStalled];

/// How long the service may ask us to wait before we would rather be asked again.
const MAX_WAIT: Duration = Duration::from_secs(60);

/// Why there is no answer.
#[derive(Debug)]
pub(super) enum Failure {
    /// Something on this machine.
    Local(Sentence),
    /// The service refuses.
    Refused(Box<ServiceRefusal>),
    /// What came is not what the service vouches for.
    Mismatch(String),
    /// There is no service now, or it broke off; how long it asks to wait.
    Transient(String, Option<Duration>),
}

impl Failure {
    /// What came is not what it should be.
    pub(super) fn mismatch(text: impl Into<String>) -> Self {
        Self::Mismatch(text.into())
    }

    /// The exit code: scripts go by it, so the help and the README have the list.
    pub(super) fn exit_code(&self) -> ExitCode {
        ExitCode::from(match self {
            Self::Local(_) => 1,
            Self::Refused(_) => 3,
            Self::Mismatch(_) => 4,
            // sysexits' EX_TEMPFAIL.
            Self::Transient(..) => 75,
        })
    }

    /// The failure of a call to the service at `server`.
    pub(super) fn from_status(status: &tonic::Status, server: &impl fmt::Display) -> Self {
        let answer = ServiceRefusal::from_status(status, MessageLanguage::of_this_terminal());
        let retry = match (&answer.reason, answer.retry_after) {
            (Some(motivo), _) if RESUMABLE.iter().any(|r| motivo == r.as_str_name()) => true,
            (Some(_), waiter) => waiter.is_some_and(|waiter| waiter <= MAX_WAIT),
            (None, _) => false,
        };
        if retry {
            return Self::Transient(answer.to_string(), answer.retry_after);
        }
        if answer.reason.is_none()
            && let Some(error) = tls(status)
        {
            return Self::Local(format!("{server}: TLS: {error}").into());
        }
        if answer.reason.is_none() && answer.is_interrupted() {
            return Self::Transient(format!("{server}: {}", causes(status)), None);
        }
        Self::Refused(Box::new(answer))
    }

    /// There was no connection to be had.
    pub(super) fn unreachable(error: &tonic::transport::Error, server: &impl fmt::Display) -> Self {
        match tls(error) {
            Some(tls) => Self::Local(format!("{server}: TLS: {tls}").into()),
            None => Self::Transient(format!("cannot reach {server}: {}", causes(error)), None),
        }
    }
}

impl From<Sentence> for Failure {
    fn from(error: Sentence) -> Self {
        Self::Local(error)
    }
}

impl From<String> for Failure {
    fn from(error: String) -> Self {
        Self::Local(error.into())
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Local(error) => error.fmt(f),
            Self::Refused(answer) => answer.fmt(f),
            Self::Mismatch(text) | Self::Transient(text, _) => f.write_str(text),
        }
    }
}

#[cfg(test)]
mod tests {
    use tonic::{Code, Status};

    use super::*;
    use crate::error::Error;

    #[test]
    fn what_may_pass_is_told_from_what_stays() {
        let kind = |status: &Status| match Failure::from_status(status, &"https://x") {
            Failure::Local(_) => "locale",
            Failure::Refused(_) => "rifiuto",
            Failure::Mismatch(_) => "diverso",
            Failure::Transient(_, None) => "passa",
            Failure::Transient(_, Some(_)) => "aspetta",
        };
        for (reason, expected) in [
            (Reason::ShuttingDown, "aspetta"),
            (Reason::DatabaseUnavailable, "aspetta"),
            (Reason::TooManyExports, "aspetta"),
            (Reason::ExportDeadline, "passa"),
            (Reason::ExportStalled, "passa"),
            (Reason::TokenExpired, "rifiuto"),
            (Reason::GrantMissing, "rifiuto"),
            (Reason::Internal, "rifiuto"),
        ] {
            let status = Status::from(Error::new(reason, "test"));
            assert_eq!(kind(&status), expected, "{}", reason.as_str_name());
        }
        let quota = |seconds| {
            let exhausted = crate::error::ExhaustedQuota {
                soggetto: "soggetto:x".into(),
                description: "1".into(),
                retry_after: Duration::from_secs(seconds),
            };
            Status::from(Error::quota_exhausted("al_giorno", exhausted))
        };
        assert_eq!(kind(&quota(2)), "aspetta");
        assert_eq!(kind(&quota(7200)), "rifiuto");
        // Without details of ours: the connection, or something between us and the service.
        for (code, expected) in [
            (Code::Unavailable, "passa"),
            (Code::Unknown, "passa"),
            (Code::Cancelled, "passa"),
            (Code::Internal, "passa"),
            (Code::Unimplemented, "rifiuto"),
            (Code::Unauthenticated, "rifiuto"),
            (Code::PermissionDenied, "rifiuto"),
            (Code::OutOfRange, "rifiuto"),
        ] {
            assert_eq!(kind(&Status::new(code, "test")), expected, "{code:?}");
        }
    }
}
