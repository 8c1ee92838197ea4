//! Why a call or a download did not come to its end, and what that means for whoever runs the command.
//!
//! ```text
//! tonic::Status ─► Risposta (the google.rpc details, read) ─┬─► Rifiuto      the same call will be refused again
//! broken connection, unavailable, time is up ───────────────┴─► Passeggero   later it may succeed: tried again
//! bytes or totals that are not those vouched for ─────────────► Diverso      never a file that looks whole
//! file, token, certificate of this machine ───────────────────► Locale
//! ```

use std::{fmt, process::ExitCode, time::Duration};

use super::risposta::{Lingua, Risposta, causes, tls};
use crate::error::{Reason, Sentence};

/// The server ended the stream by a limit of its own: what is missing is asked for at once.
const SI_RIPRENDE: [Reason; 2] = [Reason::ExportDeadline, Reason::ExportStalled];

/// How long the service may ask us to wait before we would rather be asked again.
const ATTESA_MASSIMA: Duration = Duration::from_secs(60);

/// Why there is no answer.
#[derive(Debug)]
pub(super) enum Guasto {
    /// Something on this machine.
    Locale(Sentence),
    /// The service refuses.
    Rifiuto(Box<Risposta>),
    /// What came is not what the service vouches for.
    Diverso(String),
    /// There is no service now, or it broke off; how long it asks to wait.
    Passeggero(String, Option<Duration>),
}

impl Guasto {
    /// What came is not what it should be.
    pub(super) fn diverso(text: impl Into<String>) -> Self {
        Self::Diverso(text.into())
    }

    /// The exit code: scripts go by it, so the help and the README have the list.
    pub(super) fn codice(&self) -> ExitCode {
        ExitCode::from(match self {
            Self::Locale(_) => 1,
            Self::Rifiuto(_) => 3,
            Self::Diverso(_) => 4,
            // sysexits' EX_TEMPFAIL.
            Self::Passeggero(..) => 75,
        })
    }

    /// The failure of a call to the service at `server`.
    pub(super) fn di(status: &tonic::Status, server: &impl fmt::Display) -> Self {
        let risposta = Risposta::di(status, Lingua::di_questo_terminale());
        let riprova = match (&risposta.motivo, risposta.riprova) {
            (Some(motivo), _) if SI_RIPRENDE.iter().any(|r| motivo == r.as_str_name()) => true,
            (Some(_), attesa) => attesa.is_some_and(|attesa| attesa <= ATTESA_MASSIMA),
            (None, _) => false,
        };
        if riprova {
            return Self::Passeggero(risposta.to_string(), risposta.riprova);
        }
        if risposta.motivo.is_none()
            && let Some(error) = tls(status)
        {
            return Self::Locale(format!("{server}: TLS: {error}").into());
        }
        if risposta.motivo.is_none() && risposta.interrotta() {
            return Self::Passeggero(format!("{server}: {}", causes(status)), None);
        }
        Self::Rifiuto(Box::new(risposta))
    }

    /// There was no connection to be had.
    pub(super) fn irraggiungibile(
        error: &tonic::transport::Error,
        server: &impl fmt::Display,
    ) -> Self {
        match tls(error) {
            Some(tls) => Self::Locale(format!("{server}: TLS: {tls}").into()),
            None => Self::Passeggero(format!("cannot reach {server}: {}", causes(error)), None),
        }
    }
}

impl From<Sentence> for Guasto {
    fn from(error: Sentence) -> Self {
        Self::Locale(error)
    }
}

impl From<String> for Guasto {
    fn from(error: String) -> Self {
        Self::Locale(error.into())
    }
}

impl fmt::Display for Guasto {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Locale(error) => error.fmt(f),
            Self::Rifiuto(risposta) => risposta.fmt(f),
            Self::Diverso(text) | Self::Passeggero(text, _) => f.write_str(text),
        }
    }
}

#[cfg(test)]
mod tests {
    use tonic::{Code, Status};

    use super::*;
    use crate::{error::Error, grpc::status::into_status};

    #[test]
    fn what_may_pass_is_told_from_what_stays() {
        let kind = |status: &Status| match Guasto::di(status, &"https://x") {
            Guasto::Locale(_) => "locale",
            Guasto::Rifiuto(_) => "rifiuto",
            Guasto::Diverso(_) => "diverso",
            Guasto::Passeggero(_, None) => "passa",
            Guasto::Passeggero(_, Some(_)) => "aspetta",
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
            let status = into_status(Error::new(reason, "test"));
            assert_eq!(kind(&status), expected, "{}", reason.as_str_name());
        }
        let quota = |seconds| {
            let esaurita = crate::error::Esaurita {
                soggetto: "soggetto:x".into(),
                descrizione: "1".into(),
                riprova: Duration::from_secs(seconds),
            };
            into_status(Error::esaurita("al_giorno", esaurita))
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
