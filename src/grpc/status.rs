//! The only place where an [`Error`] becomes a [`tonic::Status`].
//!
//! Each status carries, as google.rpc details: `ErrorInfo` (reason, domain, metadata), `LocalizedMessage` (it-IT, what
//! an end user may be shown), `BadRequest` where fields are wrong, `QuotaFailure` where a quota is used up, `RetryInfo`
//! where the same call may succeed later (AIP-193). What a database or a library said stays in the log, under the `request_id` of the metadata.

use std::{collections::HashMap, fmt::Write as _, time::Duration};

use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt as _};

use crate::{
    error::{Error, Reason, Violation},
    telemetry::FailureLog,
};

/// The domain of every ErrorInfo.
pub const DOMAIN: &str = "omnia.inps.it";

static FAILED: FailureLog = FailureLog::error("calls fail", "calls succeed again");

/// The status of an error; its cause, if any, is logged here and nowhere else.
impl From<Error> for Status {
    fn from(mut error: Error) -> Self {
        if let Some(source) = error.source.take() {
            let cause = causes(source.as_ref());
            let reason = error.reason.as_str_name();
            if matches!(error.reason, Reason::Internal | Reason::DerivedDataDamaged) {
                let request_id = format!("{:032x}", rand::random::<u128>());
                tracing::error!(reason, request_id, cause, "call failed");
                error = error.with("request_id", request_id);
            } else {
                // What is not there is missed by every call.
                FAILED.failed(format_args!("{reason}: {cause}"));
            }
        }
        let (code, italian) = code_and_text(error.reason);
        let mut details = ErrorDetails::new();
        let metadata: HashMap<String, String> = error
            .metadata
            .into_iter()
            .map(|(key, value)| (key.to_owned(), value))
            .collect();
        details.set_error_info(error.reason.as_str_name(), DOMAIN, metadata);
        let mut localized = italian.to_owned();
        let mut room = MAX_VIOLATIONS_BYTES;
        let mut violations = error.violations.into_iter();
        while let Some(violation) = violations.next() {
            let Violation { field, defect } = violation;
            let size = 2 * field.len() + defect.english.len() + defect.italian.len();
            let (english, italian) = match room.checked_sub(size) {
                Some(left) => {
                    room = left;
                    (defect.english, defect.italian)
                }
                None => {
                    let more = violations.by_ref().count() + 1;
                    (
                        format!("is wrong; {more} fields are, from this one on").into(),
                        format!("è errato; lo sono {more} campi, a partire da questo").into(),
                    )
                }
            };
            // Writing to a String cannot fail.
            let _ = write!(localized, "\n{field}: {italian}.");
            details.add_bad_request_violation(field, english);
        }
        details.set_localized_message("it-IT", localized);
        if let Some(quota) = error.quota {
            details.add_quota_failure_violation(quota.soggetto, quota.description);
            details.set_retry_info(Some(quota.retry_after));
        } else if let Some(delay) = retry_delay(error.reason) {
            details.set_retry_info(Some(delay));
        }
        Self::with_error_details(code, error.message, details)
    }
}

/// The error for a status that tonic itself made before any code of ours ran: it has a code and no details.
/// `None` where the code is not one that tonic makes.
#[must_use]
pub fn from_bare(code: Code) -> Option<Error> {
    Some(match code {
        // tonic's codec: the bytes are not the message, or there is none.
        Code::Internal => Error::new(
            Reason::MessageMalformed,
            "the bytes of the request are not the message of this call",
        ),
        // tonic's two words for it: as it came, and once it is expanded.
        Code::OutOfRange | Code::ResourceExhausted => Error::new(
            Reason::MessageTooLarge,
            "the request is larger than this server accepts",
        ),
        Code::Unimplemented => Error::new(Reason::CallUnknown, "there is no such call"),
        _ => return None,
    })
}

/// Bad fields are told up to so many bytes: an error travels in a header, and clients take 8 to 16 KiB of headers.
const MAX_VIOLATIONS_BYTES: usize = 5 * 1024;

/// What the end user may be shown of a refusal: a reason whose code is PERMISSION_DENIED. `None` of any other.
#[must_use]
pub fn refusal_text(reason: Reason) -> Option<&'static str> {
    let (code, italian) = code_and_text(reason);
    (code == Code::PermissionDenied).then_some(italian)
}

fn retry_delay(reason: Reason) -> Option<Duration> {
    match reason {
        Reason::DatabaseUnavailable
        | Reason::ShuttingDown
        | Reason::KeysUnavailable
        | Reason::AuditUnavailable => Some(Duration::from_secs(1)),
        Reason::TooManyExports | Reason::TooManyStreams => Some(Duration::from_secs(10)),
        _ => None,
    }
}

fn causes(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        let _ = write!(text, ": {cause}");
        next = cause.source();
    }
    text
}

/// The code of a reason and what the end user may be shown.
fn code_and_text(reason: Reason) -> (Code, &'static str) {
    match reason {
        Reason::TokenMissing => (
            Code::Unauthenticated,
            "Accesso non autenticato: manca il token.",
        ),
        Reason::TokenInvalid => (
            Code::Unauthenticated,
            "Accesso non autenticato: il token non è valido.",
        ),
        Reason::TokenExpired => (
            Code::Unauthenticated,
            "Accesso non autenticato: il token è scaduto.",
        ),
        Reason::TokenNotYetValid => (
            Code::Unauthenticated,
            "Accesso non autenticato: il token non è ancora valido.",
        ),
        Reason::TokenWrongIssuer => (
            Code::Unauthenticated,
            "Accesso non autenticato: il token è di un emittente non riconosciuto.",
        ),
        Reason::TokenWrongAudience => (
            Code::Unauthenticated,
            "Accesso non autenticato: il token è destinato a un altro servizio.",
        ),
        Reason::ProofInvalid => (
            Code::Unauthenticated,
            "Accesso non autenticato: la prova di possesso della chiave (DPoP) non è valida.",
        ),
        Reason::ProofReplayed => (
            Code::Unauthenticated,
            "Accesso non autenticato: la prova di possesso della chiave (DPoP) è già stata usata.",
        ),
        Reason::EvidenceInvalid => (
            Code::Unauthenticated,
            "Accesso non autenticato: le informazioni di tracciatura (AUDIT_REST) mancano o non sono valide.",
        ),
        Reason::GrantMissing => (
            Code::PermissionDenied,
            "Non risulta un'abilitazione AA07 per l'utente.",
        ),
        Reason::GrantNotValid => (
            Code::PermissionDenied,
            "L'abilitazione AA07 dell'utente non è valida alla data odierna.",
        ),
        Reason::CallDenied => (
            Code::PermissionDenied,
            "Il profilo dell'utente non consente questa operazione.",
        ),
        Reason::FilterDenied => (
            Code::PermissionDenied,
            "Il profilo dell'utente non consente di usare uno o più dei filtri indicati.",
        ),
        Reason::ScopeDenied => (
            Code::PermissionDenied,
            "Una o più delle normative o prestazioni indicate sono fuori dall'ambito dell'abilitazione.",
        ),
        Reason::GrantSuspended => (
            Code::PermissionDenied,
            "L'abilitazione AA07 dell'utente è sospesa.",
        ),
        Reason::GrantRevoked => (
            Code::PermissionDenied,
            "L'abilitazione AA07 dell'utente è stata revocata.",
        ),
        Reason::NetworkDenied => (
            Code::PermissionDenied,
            "L'abilitazione AA07 non consente l'accesso da questo indirizzo di rete.",
        ),
        Reason::HoursDenied => (
            Code::PermissionDenied,
            "L'abilitazione AA07 non consente l'accesso in questo orario.",
        ),
        Reason::PurposeDenied => (
            Code::PermissionDenied,
            "La finalità indicata nel voucher non è fra quelle dell'abilitazione AA07.",
        ),
        Reason::CertificateDenied => (
            Code::PermissionDenied,
            "L'abilitazione AA07 richiede un certificato client diverso da quello presentato.",
        ),
        Reason::FourEyes => (
            Code::PermissionDenied,
            "Chi ha registrato la richiesta non può approvarla.",
        ),
        Reason::GrantNotFound => (Code::NotFound, "L'abilitazione indicata non esiste."),
        Reason::TransitionIllegal => (
            Code::FailedPrecondition,
            "Lo stato attuale dell'abilitazione non consente questa operazione.",
        ),
        Reason::GrantOverlaps => (
            Code::FailedPrecondition,
            "L'utente ha già un'abilitazione nello stesso periodo.",
        ),
        Reason::IdempotencyKeyReused => (
            Code::FailedPrecondition,
            "La chiave di idempotenza è già stata usata per un'altra richiesta.",
        ),
        Reason::InvalidRequest => (
            Code::InvalidArgument,
            "La richiesta contiene valori non validi.",
        ),
        Reason::PageTokenInvalid => (
            Code::InvalidArgument,
            "Il segnaposto di pagina non è valido per questa selezione: ripartire dalla prima pagina.",
        ),
        Reason::MessageMalformed => (Code::InvalidArgument, "La richiesta non è leggibile."),
        Reason::MessageTooLarge => (Code::OutOfRange, "La richiesta è troppo grande."),
        Reason::NotGrpc => (
            Code::InvalidArgument,
            "La richiesta non è una chiamata gRPC.",
        ),
        Reason::EncodingUnsupported => (
            Code::Unimplemented,
            "La compressione della richiesta non è supportata.",
        ),
        Reason::MessageCount => (
            Code::Unimplemented,
            "L'operazione richiede un solo messaggio.",
        ),
        Reason::CompressedFlagInvalid => (
            Code::Internal,
            "La richiesta è contrassegnata come compressa, ma non indica come.",
        ),
        Reason::FlightSqlUnsupported => {
            (Code::Unimplemented, "Il servizio non supporta Flight SQL.")
        }
        Reason::CallUnknown => (Code::Unimplemented, "L'operazione richiesta non esiste."),
        Reason::RilevazioneNotFound => (Code::NotFound, "La rilevazione indicata non esiste."),
        Reason::NoRilevazione => (
            Code::FailedPrecondition,
            "Non è ancora stata caricata alcuna rilevazione.",
        ),
        Reason::TooManyExports => (
            Code::ResourceExhausted,
            "Sono in corso troppe esportazioni: riprovare più tardi.",
        ),
        Reason::ExportDeadline => (
            Code::DeadlineExceeded,
            "L'esportazione ha superato il tempo massimo: riprenderla dall'ultimo lotto ricevuto.",
        ),
        Reason::ExportStalled => (
            Code::DeadlineExceeded,
            "L'esportazione è stata interrotta perché i dati non venivano ricevuti: riprenderla dall'ultimo lotto ricevuto.",
        ),
        Reason::CallDeadline => (
            Code::DeadlineExceeded,
            "L'operazione non si è conclusa nel tempo richiesto.",
        ),
        Reason::TooManyStreams => (
            Code::ResourceExhausted,
            "Sono aperte troppe connessioni di controllo: riprovare più tardi.",
        ),
        Reason::DatabaseUnavailable => (
            Code::Unavailable,
            "Il servizio non è al momento disponibile: riprovare più tardi.",
        ),
        Reason::ShuttingDown => (
            Code::Unavailable,
            "Il servizio è in fase di arresto: riprovare più tardi.",
        ),
        Reason::KeysUnavailable => (
            Code::Unavailable,
            "Il servizio non può al momento verificare il token: riprovare più tardi.",
        ),
        Reason::AuditUnavailable => (
            Code::Unavailable,
            "Il servizio non può al momento registrare l'accesso: riprovare più tardi.",
        ),
        Reason::QuotaExceeded => (
            Code::ResourceExhausted,
            "È stato raggiunto il limite d'uso previsto dall'abilitazione: riprovare più tardi.",
        ),
        Reason::DerivedDataDamaged => (
            Code::DataLoss,
            "I dati predisposti per questa risposta sono danneggiati: il gestore del servizio deve ricostruirli.",
        ),
        Reason::Internal | Reason::Unspecified => (
            Code::Internal,
            "Si è verificato un errore interno del servizio.",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        error::Violation,
        valori::{Importo, parse_date},
    };

    #[test]
    fn all_violations_travel_in_both_languages() {
        let violations = vec![
            Violation {
                field: "filtro.periodo.dal".into(),
                defect: parse_date("x").unwrap_err(),
            },
            Violation {
                field: "importo".into(),
                defect: Importo::parse("x").unwrap_err(),
            },
        ];
        let status = Status::from(Error::invalid(violations));
        assert_eq!(status.code(), Code::InvalidArgument);
        let details = status.get_error_details();
        let info = details.error_info().unwrap();
        assert_eq!(info.reason, "ERROR_REASON_INVALID_REQUEST");
        assert_eq!(info.domain, DOMAIN);
        assert_eq!(details.bad_request().unwrap().field_violations.len(), 2);
        let localized = details.localized_message().unwrap();
        assert_eq!(localized.locale, "it-IT");
        assert!(localized.message.contains("AAAA-MM-GG"));
        assert!(localized.message.contains("due decimali"));
    }

    #[test]
    fn what_a_database_says_stays_here() {
        let secret = std::io::Error::other("password of 10.0.0.7");
        let status = Status::from(Error::from(sqlx::Error::Io(secret)));
        assert_eq!(status.code(), Code::Unavailable);
        assert!(status.get_error_details().retry_info().is_some());
        let internal = Status::from(Error::internal("select secret"));
        let info = internal.get_error_details().error_info().cloned().unwrap();
        assert!(info.metadata.contains_key("request_id"));
        for status in [status, internal] {
            let sent = format!("{:?}{}", status, String::from_utf8_lossy(status.details()));
            assert!(
                !sent.contains("password") && !sent.contains("secret"),
                "{sent}"
            );
        }
    }
}
