//! What a person is told where there is no page to show: what happened, what to do, and the number to quote.

use http::StatusCode;
use serde::Deserialize;
use tonic::Status;
use tonic_types::StatusExt as _;

use super::calls::Calls;
use crate::contract::{
    http_status::http_status,
    proto::ErrorReason::{self, self as R},
};

/// Why there is no page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PageFailure {
    pub(super) status: StatusCode,
    pub(super) reason: Option<ErrorReason>,
    /// In Italian.
    pub(super) text: String,
    /// What is wrong with the fields of the form, each with its name.
    pub(super) fields: Vec<WrongField>,
    /// Under which the call is recorded.
    pub(super) trace_id: Option<String>,
}

/// A field that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(super) struct WrongField {
    /// "dal", "importo".
    #[serde(rename = "field")]
    pub(super) name: String,
    #[serde(rename = "detail")]
    pub(super) text: String,
}

/// What a resource answers where it has no answer (RFC 9457).
#[derive(Deserialize)]
struct ResourceProblem {
    detail: String,
    reason: String,
    #[serde(default)]
    errors: Vec<WrongField>,
    trace_id: Option<String>,
}

impl PageFailure {
    /// Of the pages themselves.
    pub(super) fn new(status: StatusCode, text: impl Into<String>) -> Self {
        Self {
            status,
            reason: None,
            text: text.into(),
            fields: Vec::new(),
            trace_id: None,
        }
    }

    /// Of a form, said as the service says it.
    pub(super) fn of_fields(fields: Vec<WrongField>) -> Self {
        Self {
            reason: Some(R::InvalidRequest),
            fields,
            ..Self::new(
                StatusCode::BAD_REQUEST,
                "La richiesta contiene valori non validi.",
            )
        }
    }

    /// What was sent is not done: the session is over.
    pub(super) fn session_over() -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            "La sessione è terminata e il modulo non è stato inviato: accedi di nuovo e ripeti l'operazione.",
        )
    }

    /// There is no such page.
    pub(super) fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "La pagina richiesta non esiste.")
    }

    /// Of a call that one of `calls` has made.
    pub(super) fn of_call(status: &Status, calls: &Calls) -> Self {
        let details = status.get_error_details();
        let info = details.error_info();
        let reason = info.and_then(|info| ErrorReason::from_str_name(&info.reason));
        let text = details.localized_message().map(|text| &*text.message);
        let (text, told) = text.unwrap_or_default().split_once('\n').unwrap_or((
            text.unwrap_or("Si è verificato un errore interno del servizio."),
            "",
        ));
        Self {
            status: http_status(reason.unwrap_or_default()),
            reason,
            text: text.to_owned(),
            fields: told.lines().filter_map(WrongField::of_line).collect(),
            trace_id: calls.trace_id(),
        }
    }

    /// Of what a resource has answered.
    pub(super) fn of_problem(status: StatusCode, json: &[u8]) -> Self {
        let Ok(problem) = serde_json::from_slice::<ResourceProblem>(json) else {
            return Self::new(status, "Il file non può essere preparato.");
        };
        Self {
            status,
            reason: ErrorReason::from_str_name(&problem.reason),
            text: problem.detail,
            fields: problem.errors,
            trace_id: problem.trace_id,
        }
    }

    /// Whether the grant of the user has ended, and with it the session.
    pub(super) fn ends_the_session(&self) -> bool {
        matches!(
            self.reason,
            Some(R::GrantMissing | R::GrantNotValid | R::GrantSuspended | R::GrantRevoked)
        )
    }

    /// Whether a form can be filled in better.
    pub(super) fn is_of_the_form(&self) -> bool {
        matches!(
            self.reason,
            Some(R::InvalidRequest | R::FilterDenied | R::ScopeDenied | R::RilevazioneNotFound)
        )
    }

    /// In a few words.
    pub(super) fn title(&self) -> &'static str {
        match self.status {
            StatusCode::NOT_FOUND => "Pagina non trovata",
            StatusCode::FORBIDDEN => "Operazione non consentita",
            StatusCode::UNAUTHORIZED => "Accesso richiesto",
            StatusCode::TOO_MANY_REQUESTS => "Limite d'uso raggiunto",
            StatusCode::SERVICE_UNAVAILABLE | StatusCode::GATEWAY_TIMEOUT => {
                "Servizio non disponibile"
            }
            StatusCode::CONFLICT => "Dati non ancora disponibili",
            status if status.is_client_error() => "Richiesta non valida",
            _ => "Errore del servizio",
        }
    }

    /// What to do.
    pub(super) fn advice(&self) -> &'static str {
        match self.reason {
            Some(R::GrantMissing | R::GrantNotValid | R::GrantSuspended | R::GrantRevoked) => {
                "Per ottenere o rinnovare l'abilitazione la tua amministrazione invia a INPS il modulo AA07."
            }
            Some(R::NetworkDenied | R::CertificateDenied) => {
                "Riprova dalla rete o con il dispositivo indicati nel modulo AA07."
            }
            Some(R::HoursDenied) => "Riprova negli orari indicati nel modulo AA07.",
            Some(R::PurposeDenied) => {
                "La tua abilitazione è legata a finalità PDND: vale per i sistemi informatici e non per l'accesso da browser."
            }
            Some(R::CallDenied | R::FilterDenied | R::ScopeDenied) => {
                "La pagina «Il mio accesso» elenca ciò che la tua abilitazione consente."
            }
            Some(
                R::QuotaExceeded
                | R::TooManyExports
                | R::TooManyStreams
                | R::DatabaseUnavailable
                | R::ShuttingDown
                | R::AuditUnavailable
                | R::CallDeadline,
            ) => "Attendi qualche istante e ricarica la pagina.",
            Some(R::InvalidRequest | R::PageTokenInvalid | R::RilevazioneNotFound) => {
                "Torna alla pagina precedente e correggi i dati."
            }
            None if self.status.is_client_error() => "Torna alla pagina iniziale.",
            _ => {
                "Se il problema si ripete, segnala il codice qui sotto a chi gestisce il servizio."
            }
        }
    }
}

impl WrongField {
    pub(super) fn new(name: &str, text: &str) -> Self {
        Self {
            name: name.to_owned(),
            text: text.to_owned(),
        }
    }

    /// "filtro.periodo.dal: deve essere una data" is of the field `dal`.
    fn of_line(line: &str) -> Option<Self> {
        let (place, text) = line.split_once(": ")?;
        let name = place.rsplit('.').next()?;
        let name = name.split('[').next()?;
        Some(Self {
            name: name.to_owned(),
            text: text.to_owned(),
        })
    }
}
