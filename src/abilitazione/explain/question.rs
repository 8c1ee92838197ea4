//! What is asked.

use std::net::IpAddr;

use chrono::{DateTime, Utc};

use crate::{
    abilitazione::CallSelection,
    call_record::SelectedValue,
    contract::{
        proto::{ExplainAccessRequest, explain_access_request},
        vocabulary::{RpcVocabulary, Vocabulary},
    },
    error::{Result, Violations},
    valori::{CodiceNormativa, CodicePrestazione, ValueDefect, name::is_name, without_bom},
};

const MAX_VALUES: usize = 100;
const MAX_POLICY: usize = 64 * 1024;

const TOO_MANY: ValueDefect = ValueDefect::new(
    "must hold at most 100 values",
    "deve contenere al più 100 valori",
);
const TOO_LONG: ValueDefect =
    ValueDefect::new("must be at most 64 KiB", "deve essere lungo al più 64 KiB");
const NOTHING: ValueDefect = ValueDefect::new(
    "must be given, unless politica_proposta is",
    "è obbligatorio, a meno che non sia indicata politica_proposta",
);
const BOTH: ValueDefect = ValueDefect::new(
    "must be given if the other of `chi` and `rpc` is",
    "è obbligatorio se è indicato l'altro tra `chi` e `rpc`",
);
const NO_QUESTION: ValueDefect = ValueDefect::new(
    "must be empty if no call is asked about",
    "deve essere vuoto se non è indicata una chiamata",
);
const ONLY_SUBJECT: ValueDefect = ValueDefect::new(
    "must be empty if a profile is asked about: it has no grant",
    "deve essere vuoto se è indicato un profilo, che non ha un'abilitazione",
);
const PROFILE: ValueDefect = ValueDefect::new(
    "must be 1 to 64 lower-case letters, digits and dashes",
    "deve essere composto da 1 a 64 lettere minuscole, cifre e trattini",
);
const SUBJECT: ValueDefect = ValueDefect::new(
    "must be 1 to 255 bytes without control, format or unseen characters and without blanks at its ends",
    "deve essere lungo da 1 a 255 byte, senza caratteri di controllo, di formato o invisibili e senza spazi agli estremi",
);
const RPC: ValueDefect = ValueDefect::new(
    "must be a call of the contract: `DecreeService/ListDecrees`",
    "deve essere una chiamata prevista: `DecreeService/ListDecrees`",
);
const FILTER: ValueDefect = ValueDefect::new(
    "must be a filter of the call",
    "deve essere un filtro della chiamata",
);
const COLUMN: ValueDefect = ValueDefect::new(
    "must be a column of the call's answer",
    "deve essere una colonna della risposta della chiamata",
);
const ADDRESS: ValueDefect =
    ValueDefect::new("must be an IP address", "deve essere un indirizzo IP");
const INSTANT: ValueDefect = ValueDefect::new(
    "must be an RFC 3339 date-time: `2026-12-22T09:30:00Z`",
    "deve essere una data e ora RFC 3339: `2026-12-22T09:30:00Z`",
);

/// A question, a proposed policy, or both.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::abilitazione) struct ExplainQuestion {
    pub(super) asked: Option<AskedCall>,
    pub(super) proposta: Option<String>,
}

/// The call that is asked about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct AskedCall {
    pub(super) chi: AskedCaller,
    pub(super) rpc: String,
    pub(super) filtri: Vec<String>,
    pub(super) colonne: Vec<String>,
    pub(super) normative: Vec<CodiceNormativa>,
    pub(super) prestazioni: Vec<CodicePrestazione>,
}

/// Who would make it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum AskedCaller {
    Profilo(String),
    Soggetto {
        soggetto: String,
        /// `None`: now.
        istante: Option<DateTime<Utc>>,
        /// `None`: from anywhere.
        indirizzo: Option<IpAddr>,
    },
}

impl ExplainQuestion {
    pub(super) fn parse(request: ExplainAccessRequest, vocabulary: &Vocabulary) -> Result<Self> {
        let mut violations = Violations::default();
        let proposta = Some(without_bom(&request.politica_proposta).to_owned())
            .filter(|text| !text.is_empty());
        if proposta
            .as_ref()
            .is_some_and(|text| text.len() > MAX_POLICY)
        {
            violations.check::<()>("politica_proposta", Err(TOO_LONG));
        }
        let mut asked = None;
        if request.chi.is_some() || !request.rpc.is_empty() {
            asked = AskedCall::parse(&mut violations, request, vocabulary);
        } else {
            if proposta.is_none() {
                violations.check::<()>("rpc", Err(NOTHING));
            }
            for (field, empty) in [
                ("filtri", request.filtri.is_empty()),
                ("colonne", request.colonne.is_empty()),
                ("normative", request.normative.is_empty()),
                ("prestazioni", request.prestazioni.is_empty()),
                ("istante", request.istante.is_empty()),
                ("indirizzo", request.indirizzo.is_empty()),
            ] {
                violations.check(field, empty.then_some(()).ok_or(NO_QUESTION));
            }
        }
        violations.finish()?;
        Ok(Self { asked, proposta })
    }
}

impl AskedCall {
    /// `None` only with a violation.
    fn parse(
        violations: &mut Violations,
        request: ExplainAccessRequest,
        vocabulary: &Vocabulary,
    ) -> Option<Self> {
        let words = if request.rpc.is_empty() {
            violations.check("rpc", Err(BOTH))
        } else {
            violations.check("rpc", vocabulary.rpc(&request.rpc).ok_or(RPC))
        };
        let names = |violations: &mut Violations,
                     field: &str,
                     names: Vec<String>,
                     known: fn(&RpcVocabulary, &str) -> bool,
                     defect: ValueDefect| {
            list(violations, field, names, |nome| {
                // Without a call nothing can be said about its names.
                words
                    .is_none_or(|words| known(words, nome))
                    .then(|| nome.to_owned())
                    .ok_or_else(|| defect.clone())
            })
        };
        let filtri = names(
            violations,
            "filtri",
            request.filtri,
            |words, nome| words.filtri().contains(nome),
            FILTER,
        );
        let colonne = names(
            violations,
            "colonne",
            request.colonne,
            |words, nome| words.colonne().contains(nome),
            COLUMN,
        );
        let with_subject = matches!(request.chi, Some(explain_access_request::Chi::Soggetto(_)));
        for (field, empty) in [
            ("normative", request.normative.is_empty()),
            ("prestazioni", request.prestazioni.is_empty()),
            ("istante", request.istante.is_empty()),
            ("indirizzo", request.indirizzo.is_empty()),
        ] {
            violations.check(
                field,
                (empty || with_subject).then_some(()).ok_or(ONLY_SUBJECT),
            );
        }
        let normative = list(
            violations,
            "normative",
            request.normative,
            CodiceNormativa::parse,
        );
        let prestazioni = list(
            violations,
            "prestazioni",
            request.prestazioni,
            CodicePrestazione::parse,
        );
        let istante = (!request.istante.is_empty())
            .then(|| violations.check("istante", instant(&request.istante)))
            .flatten();
        let indirizzo = (!request.indirizzo.is_empty())
            .then(|| violations.check("indirizzo", request.indirizzo.parse().map_err(|_| ADDRESS)))
            .flatten();
        let chi = match request.chi {
            None => violations.check("chi", Err(BOTH)),
            Some(explain_access_request::Chi::Profilo(nome)) => {
                let good = (1..=64).contains(&nome.len())
                    && nome
                        .bytes()
                        .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
                violations.check(
                    "profilo",
                    good.then_some(AskedCaller::Profilo(nome)).ok_or(PROFILE),
                )
            }
            Some(explain_access_request::Chi::Soggetto(soggetto)) => {
                let good = is_name(&soggetto);
                let chi = AskedCaller::Soggetto {
                    soggetto,
                    istante,
                    indirizzo,
                };
                violations.check("soggetto", good.then_some(chi).ok_or(SUBJECT))
            }
        };
        Some(Self {
            chi: chi?,
            rpc: words.map(|_| request.rpc)?,
            filtri,
            colonne,
            normative,
            prestazioni,
        })
    }
}

fn instant(text: &str) -> Result<DateTime<Utc>, ValueDefect> {
    DateTime::parse_from_rfc3339(text)
        .map(|istante| istante.to_utc())
        .map_err(|_| INSTANT)
}

fn list<T>(
    violations: &mut Violations,
    field: &str,
    texts: Vec<String>,
    parse: impl Fn(&str) -> Result<T, ValueDefect>,
) -> Vec<T> {
    if texts.len() > MAX_VALUES {
        violations.check::<()>(field, Err(TOO_MANY));
        return Vec::new();
    }
    texts
        .iter()
        .enumerate()
        .filter_map(|(i, text)| violations.check(&format!("{field}[{i}]"), parse(text)))
        .collect()
}

/// As the selection of the question's own call: it reads no data, so it names none. What was asked is recorded.
impl CallSelection for ExplainQuestion {
    fn filtri(&self) -> Vec<&str> {
        Vec::new()
    }

    fn describe(&self) -> Vec<(&'static str, SelectedValue)> {
        let mut valori = Vec::new();
        if let Some(asked) = &self.asked {
            valori.push(match &asked.chi {
                AskedCaller::Profilo(profilo) => ("profilo", SelectedValue::Text(profilo.clone())),
                AskedCaller::Soggetto { soggetto, .. } => {
                    ("soggetto", SelectedValue::Text(soggetto.clone()))
                }
            });
            valori.push(("rpc", SelectedValue::Text(asked.rpc.clone())));
        }
        if self.proposta.is_some() {
            valori.push(("politica_proposta", SelectedValue::Text("sì".to_owned())));
        }
        valori
    }
}

/// As the selection of the call that is asked about.
impl CallSelection for AskedCall {
    fn filtri(&self) -> Vec<&str> {
        self.filtri.iter().map(String::as_str).collect()
    }

    fn normative(&self) -> &[CodiceNormativa] {
        &self.normative
    }

    fn prestazioni(&self) -> &[CodicePrestazione] {
        &self.prestazioni
    }

    /// This call is not made, so it is not recorded.
    fn describe(&self) -> Vec<(&'static str, SelectedValue)> {
        Vec::new()
    }
}
