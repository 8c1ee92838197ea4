//! A refusal of the service, read: the google.rpc details become lines for a person.

use std::{env, error::Error, fmt, time::Duration};

use tokio_rustls::rustls;
use tonic::{Code, Status};
use tonic_types::StatusExt as _;

use crate::{error::Reason, grpc::status::DOMAIN, output::terminal::TerminalLine};

/// In which language the service's sentence is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum MessageLanguage {
    Italian,
    English,
}

impl MessageLanguage {
    /// That of the locale.
    pub(super) fn of_this_terminal() -> Self {
        let set = ["LC_ALL", "LC_MESSAGES", "LANG"]
            .into_iter()
            .find_map(|name| env::var(name).ok().filter(|value| !value.is_empty()));
        match set {
            Some(locale) if locale.starts_with("it") => Self::Italian,
            _ => Self::English,
        }
    }
}

/// What the service said. Whatever a terminal would obey in it is escaped.
#[derive(Debug)]
pub(super) struct ServiceRefusal {
    code: Code,
    frase: String,
    /// Bad fields and what is wrong with them; facts about the failure.
    righe: Vec<String>,
    /// As in error_reason.proto. `None`: it was not our service that spoke.
    pub(super) reason: Option<String>,
    /// When to come back.
    pub(super) retry_after: Option<Duration>,
}

impl ServiceRefusal {
    /// Reads a status.
    pub(super) fn from_status(status: &Status, language: MessageLanguage) -> Self {
        let details = status.get_error_details();
        let info = details.error_info().filter(|info| info.domain == DOMAIN);
        let mut righe = Vec::new();
        let localized = details.localized_message();
        let frase = match (language, localized) {
            (MessageLanguage::Italian, Some(localized)) => {
                // The first line is the sentence; the others are the bad fields.
                let mut lines = localized.message.lines().map(cleaned);
                let frase = lines.next().unwrap_or_default();
                righe.extend(lines);
                frase
            }
            _ => {
                let violations = details.bad_request().map(|bad| &bad.field_violations[..]);
                righe.extend(violations.unwrap_or_default().iter().map(|violation| {
                    cleaned(&format!("{}: {}", violation.field, violation.description))
                }));
                cleaned(status.message())
            }
        };
        let quote = details.quota_failure().map(|quota| &quota.violations[..]);
        righe.extend(
            (quote.unwrap_or_default().iter())
                .map(|quota| cleaned(&format!("{}: {}", quota.subject, quota.description))),
        );
        if let Some(info) = info {
            let mut facts: Vec<_> = info
                .metadata
                .iter()
                .map(|(key, value)| cleaned(&format!("{key}: {value}")))
                .collect();
            facts.sort();
            righe.append(&mut facts);
        }
        Self {
            code: status.code(),
            frase,
            righe,
            reason: info.map(|info| info.reason.clone()),
            retry_after: details.retry_info().and_then(|retry| retry.retry_delay),
        }
    }

    /// Whether a field of this name is among the bad ones.
    pub(super) fn names_field(&self, field: &str) -> bool {
        let named = |riga: &String| riga.split_once(": ").is_some_and(|(name, _)| name == field);
        self.righe.iter().any(named)
    }

    /// Whether a call that ends with this code, without details, was broken off on its way.
    pub(super) fn is_interrupted(&self) -> bool {
        matches!(
            self.code,
            Code::Unavailable
                | Code::Unknown
                | Code::Cancelled
                | Code::Internal
                | Code::Aborted
                | Code::DeadlineExceeded
                | Code::ResourceExhausted
        )
    }

    fn advice(&self) -> Option<String> {
        let is = |reason: Reason| self.reason.as_deref() == Some(reason.as_str_name());
        if is(Reason::ProofInvalid) {
            return Some(
                "omnia get makes no DPoP proofs: use a token that is bound to no key".to_owned(),
            );
        }
        let waiter = self.retry_after?.as_secs().max(1);
        Some(format!("come back in {waiter} s"))
    }
}

impl fmt::Display for ServiceRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let frase = match self.frase.as_str() {
            "" => "the service refuses, and does not say why",
            frase => frase,
        };
        match &self.reason {
            Some(motivo) => write!(f, "{frase} ({})", cleaned(motivo))?,
            // Of whatever stands between us and the service, or is there in its place.
            None => write!(f, "{frase} ({:?})", self.code)?,
        }
        for riga in &self.righe {
            write!(f, "\n  {riga}")?;
        }
        match self.advice() {
            Some(advice) => write!(f, "\n  {advice}"),
            None => Ok(()),
        }
    }
}

/// Without what a terminal would obey: the text comes from the network.
fn cleaned(text: &str) -> String {
    TerminalLine(text).to_string()
}

/// An error and what caused it, in one line, each said once.
pub(super) fn causes(error: &(dyn Error + 'static)) -> String {
    let mut said: Vec<String> = Vec::new();
    for error in chain(error) {
        let text = match error.downcast_ref::<Status>() {
            Some(status) => status.message().to_owned(),
            None => error.to_string(),
        };
        // Many an error repeats the one that caused it.
        if !text.is_empty() && !said.iter().any(|one| one.contains(&text)) {
            said.push(text);
        }
    }
    cleaned(&said.join(": "))
}

/// What TLS has against a connection, if it is TLS that ended it: no later try will change that.
pub(super) fn tls(error: &(dyn Error + 'static)) -> Option<String> {
    chain(error).find_map(|error| {
        let inner = error
            .downcast_ref::<std::io::Error>()
            .and_then(|error| error.get_ref())
            .and_then(|inner| inner.downcast_ref::<rustls::Error>());
        inner
            .or_else(|| error.downcast_ref::<rustls::Error>())
            .map(|error| cleaned(&error.to_string()))
    })
}

fn chain<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    let mut next = Some(error);
    std::iter::from_fn(move || {
        let error = next?;
        next = error.source();
        Some(error)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        error::{Error, Violation},
        valori::ValueDefect,
    };

    #[test]
    fn every_bad_field_is_a_line_in_either_language() {
        let violation = |field: &str| Violation {
            field: field.to_owned(),
            defect: ValueDefect::new("is \u{1b}[2J wrong", "è errato"),
        };
        let status = Status::from(Error::invalid(vec![
            violation("normativa"),
            violation("filtro.periodo.al"),
        ]));
        let english = ServiceRefusal::from_status(&status, MessageLanguage::English);
        assert_eq!(
            english.to_string(),
            "the request has invalid fields (ERROR_REASON_INVALID_REQUEST)\n  normativa: is \\u{1b}[2J wrong\n  \
             filtro.periodo.al: is \\u{1b}[2J wrong"
        );
        assert!(english.names_field("normativa") && !english.names_field("filtro"));
        let italian = ServiceRefusal::from_status(&status, MessageLanguage::Italian).to_string();
        assert!(
            italian.ends_with("\n  normativa: è errato.\n  filtro.periodo.al: è errato."),
            "{italian}"
        );
    }

    #[test]
    fn facts_come_sorted_and_another_domain_is_not_ours() {
        let error = Error::new(Reason::FilterDenied, "no")
            .with("profilo", "p")
            .with("filtri", "f");
        let text =
            ServiceRefusal::from_status(&Status::from(error), MessageLanguage::English).to_string();
        assert_eq!(
            text,
            "no (ERROR_REASON_FILTER_DENIED)\n  filtri: f\n  profilo: p"
        );
        let foreign =
            ServiceRefusal::from_status(&Status::unauthenticated(""), MessageLanguage::English);
        assert!(foreign.reason.is_none());
        assert_eq!(
            foreign.to_string(),
            "the service refuses, and does not say why (Unauthenticated)"
        );
    }

    #[test]
    fn what_helps_is_said() {
        let shown = |reason| {
            let status = Status::from(Error::new(reason, "no"));
            ServiceRefusal::from_status(&status, MessageLanguage::English).to_string()
        };
        assert!(shown(Reason::ProofInvalid).ends_with("use a token that is bound to no key"));
        assert!(shown(Reason::TooManyExports).ends_with("\n  come back in 10 s"));
        assert!(shown(Reason::GrantMissing).ends_with("(ERROR_REASON_GRANT_MISSING)"));
    }

    #[test]
    fn causes_are_said_once() {
        let inner = std::io::Error::other("Connection refused");
        let outer = std::io::Error::other(format!("connect: {inner}"));
        assert_eq!(causes(&outer), "connect: Connection refused");
    }
}
