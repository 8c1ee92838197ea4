//! One record of the audit log, as text.
//!
//! ```json
//! {"catena":3,"numero":17,"istante":"2026-11-25T17:03:12.123456Z","tipo":"CHIAMATA","rpc":"DecreeService/CountDecrees",
//!  "soggetto":"mef-rgs-be","emittente":"interop.pagopa.it","ente":"MEF","abilitazione":4,"profilo":"mef-rgs","finalita":"…",
//!  "jti":"…","indirizzo":"10.0.0.7",
//!  "selezione":{"normativa":"DL109-2018-ART44"},"rilevazione":2,"decisione":"CONSENTITA","politica":"1f0c…","traccia":"4bf9…",
//!  "esito":"OK","righe":1,"byte":96}
//! ```
//!
//! A codice fiscale, in whatever text it stands, is a keyed hash: `hiding.rs` writes every text of every record, so a new field
//! cannot forget it.
//!
//! A call that came in HTTP and JSON has `"via":"REST"`, one by gRPC-Web `"via":"GRPC_WEB"`, one that a page of the Cruscotto made for
//! whoever looks at it `"via":"CRUSCOTTO"`.
//!
//! The text is hashed and exported as it is, so it can be checked without this program. What is not known is left out. The
//! `soggetto` is a name that the `emittente` gives: only both together are one caller.
//!
//! | tipo | when |
//! | --- | --- |
//! | `APERTURA` | a service begins its chain; `teste` are the heads of the chains before it that moved since they were cited last |
//! | `CHIAMATA` | a call with one answer: written before the answer leaves, which it tells of (`esito`, `righe`, `byte`) |
//! | `INIZIO` | a call with a stream of answers was let in, or refused: written before the first byte leaves |
//! | `FINE` | that stream ended; `inizio` is the numero of its INIZIO |
//! | `RIFIUTI` | calls were not let in, more than have a record each: how many (`refusals/record.rs`) |
//! | `RIPRESA` | records can be written again: from `dal` on they could not be, and calls were refused |
//! | `RITIRO` | a rilevazione was withdrawn (`withdrawal.rs`) |
//! | `CHIUSURA` | the service stopped in good order |

use std::{borrow::Cow, fmt::Write as _, net::IpAddr};

use chrono::{DateTime, SecondsFormat, Utc};
use serde::{Serialize, Serializer, ser::SerializeMap as _};

use super::{chain::CitedHead, hiding::Hiding};
use crate::{
    call_record::{CallFacts, SelectedValue},
    crypto::key::AuditKey,
};

/// What a record tells of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum RecordKind {
    /// A chain begins.
    Apertura,
    /// A call, whole.
    Chiamata,
    /// A stream begins.
    Inizio,
    /// A stream ends.
    Fine,
    /// Calls were refused, and counted.
    Rifiuti,
    /// A chain goes on after a time in which it could not be written.
    Ripresa,
    /// A rilevazione was withdrawn.
    Ritiro,
    /// A chain ends in good order.
    Chiusura,
}

/// Whether the access layer let the call in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum RecordedDecision {
    /// It did.
    Consentita,
    /// It did not.
    Negata,
}

/// What became of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CallOutcome<'a> {
    /// The status code, as the gRPC specification spells it.
    pub code: &'a str,
    /// Bytes of the messages sent.
    pub byte: u64,
}

/// A call, as it is written down.
#[derive(Debug)]
pub struct AuditedCall<'a> {
    /// Which record.
    pub tipo: RecordKind,
    /// `"DecreeService/ListDecrees"`; the path as asked for where there is no such call.
    pub rpc: &'a str,
    /// What is known of it.
    pub facts: &'a CallFacts,
    /// Not in a FINE: its INIZIO has it.
    pub decisione: Option<RecordedDecision>,
    /// The reason of the error, where there is one.
    pub motivo: Option<&'a str>,
    /// The trace, as W3C trace context spells it.
    pub trace_id: &'a str,
    /// Not in an INIZIO that was let in.
    pub outcome: Option<CallOutcome<'a>>,
    /// Of a FINE.
    pub inizio: Option<i64>,
}

/// Field by field, in the order of the text.
#[derive(Serialize)]
struct CallText<'a> {
    istante: String,
    tipo: RecordKind,
    rpc: Cow<'a, str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    soggetto: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    emittente: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ente: &'a Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    abilitazione: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    profilo: &'a Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    utente: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    finalita: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    jti: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    indirizzo: Option<IpAddr>,
    #[serde(skip_serializing_if = "Option::is_none")]
    via: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    selezione: Option<SelectionText<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rilevazione: Option<i32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    decisione: Option<RecordedDecision>,
    #[serde(skip_serializing_if = "Option::is_none")]
    motivo: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    politica: &'a Option<String>,
    traccia: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    inizio: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    esito: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    righe: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    byte: Option<u64>,
}

struct SelectionText<'a> {
    valori: &'a [(&'static str, SelectedValue)],
    key: &'a AuditKey,
}

impl Serialize for SelectionText<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.valori.len()))?;
        for (nome, value) in self.valori {
            match value {
                SelectedValue::Text(testo) => map.serialize_entry(nome, testo)?,
                SelectedValue::CodiceFiscale(cf) => {
                    map.serialize_entry(nome, &self.key.keyed_hash(cf))?
                }
            }
        }
        map.end()
    }
}

/// The longest path of a call that there is not. A hash has room in it.
pub(super) const MAX_RPC: usize = 200;

/// An instant as records spell it: microseconds, which is what Postgres keeps.
#[must_use]
pub fn timestamp(instant: DateTime<Utc>) -> String {
    instant.to_rfc3339_opts(SecondsFormat::Micros, true)
}

impl AuditedCall<'_> {
    /// The text after catena and numero, which only the writer knows.
    #[must_use]
    pub fn record_tail(&self, quando: DateTime<Utc>, key: &AuditKey) -> String {
        let facts = self.facts;
        let testo = CallText {
            istante: timestamp(quando),
            tipo: self.tipo,
            // Hidden before it is cut: half a codice fiscale has not its form.
            rpc: shortened(key.hidden(self.rpc)),
            soggetto: facts.soggetto.as_deref(),
            emittente: facts.emittente.as_deref(),
            ente: &facts.ente,
            abilitazione: facts.abilitazione,
            profilo: &facts.profilo,
            utente: facts.utente.as_deref(),
            finalita: facts.finalita.as_deref(),
            jti: facts.jti.as_deref(),
            indirizzo: facts.indirizzo,
            via: facts.via,
            selezione: (!facts.selezione.is_empty()).then_some(SelectionText {
                valori: &facts.selezione,
                key,
            }),
            rilevazione: facts.rilevazione,
            decisione: self.decisione,
            motivo: self.motivo,
            politica: &facts.politica,
            traccia: self.trace_id,
            inizio: self.inizio,
            esito: self.outcome.map(|e| e.code),
            righe: facts.righe,
            byte: self.outcome.map(|e| e.byte),
        };
        record_tail(&testo, key)
    }
}

fn shortened(rpc: Cow<'_, str>) -> Cow<'_, str> {
    match rpc.char_indices().nth(MAX_RPC) {
        Some((end, _)) => Cow::Owned(rpc[..end].to_owned()),
        None => rpc,
    }
}

#[derive(Serialize)]
struct ChainEventText<'a> {
    istante: String,
    tipo: RecordKind,
    istanza: &'a str,
    versione: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    dal: Option<String>,
    teste: Option<&'a [CitedHead]>,
}

/// The text of an APERTURA, which cites these heads.
#[must_use]
pub fn opening_tail(
    quando: DateTime<Utc>,
    istanza: &str,
    teste: &[CitedHead],
    key: &AuditKey,
) -> String {
    let evento = ChainEventText {
        istante: timestamp(quando),
        tipo: RecordKind::Apertura,
        istanza,
        versione: env!("CARGO_PKG_VERSION"),
        dal: None,
        teste: Some(teste),
    };
    record_tail(&evento, key)
}

/// The text of a RIPRESA: nothing could be written from `dal` on.
#[must_use]
pub(super) fn resumption_tail(
    dal: DateTime<Utc>,
    quando: DateTime<Utc>,
    istanza: &str,
    key: &AuditKey,
) -> String {
    let evento = ChainEventText {
        istante: timestamp(quando),
        tipo: RecordKind::Ripresa,
        istanza,
        versione: env!("CARGO_PKG_VERSION"),
        dal: Some(timestamp(dal)),
        teste: None,
    };
    record_tail(&evento, key)
}

/// The text of a CHIUSURA.
#[must_use]
pub fn closing_tail(quando: DateTime<Utc>, istanza: &str, key: &AuditKey) -> String {
    let evento = ChainEventText {
        istante: timestamp(quando),
        tipo: RecordKind::Chiusura,
        istanza,
        versione: env!("CARGO_PKG_VERSION"),
        dal: None,
        teste: None,
    };
    record_tail(&evento, key)
}

/// Without the opening brace.
pub(super) fn record_tail(testo: &impl Serialize, key: &AuditKey) -> String {
    let mut json = Vec::with_capacity(TAIL_CAPACITY);
    let hiding = Hiding::new(key);
    // Texts, numbers and maps with text keys: nothing of it can fail to serialize, and JSON is UTF-8.
    let _ = testo.serialize(&mut serde_json::Serializer::with_formatter(
        &mut json, hiding,
    ));
    let mut json = String::from_utf8(json).unwrap_or_default();
    json.drain(..1);
    json
}

/// Few are longer.
const TAIL_CAPACITY: usize = 640;
/// What is before the tail, at most: two numbers and their names.
pub(super) const MAX_PREFIX: usize = 64;

/// Appends the whole text of a record.
pub fn append_record(testo: &mut String, catena: i64, numero: i64, tail: &str) {
    // Writing to a String cannot fail.
    let _ = write!(testo, "{{\"catena\":{catena},\"numero\":{numero},{tail}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_person_is_a_hash_and_what_is_not_known_is_left_out() {
        let facts = CallFacts {
            soggetto: Some("a\"b\0".into()),
            emittente: Some("https://idp.example".into()),
            selezione: vec![
                ("normativa", SelectedValue::Text("N".into())),
                (
                    "cf_azienda",
                    SelectedValue::CodiceFiscale("RCCMNL83S18D969H".into()),
                ),
            ],
            ..CallFacts::default()
        };
        let key = AuditKey::new(&[7; 32]);
        let tail = AuditedCall {
            tipo: RecordKind::Chiamata,
            rpc: &"x".repeat(300),
            facts: &facts,
            decisione: Some(RecordedDecision::Negata),
            motivo: None,
            trace_id: "t",
            outcome: Some(CallOutcome {
                code: "OK",
                byte: 3,
            }),
            inizio: None,
        }
        .record_tail(DateTime::UNIX_EPOCH, &key);
        let mut text = String::new();
        append_record(&mut text, 1, 2, &tail);
        assert!(!text.contains("RCCMNL") && !text.contains('\0'), "{text}");
        let value: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(value["numero"], 2);
        assert_eq!(value["tipo"], "CHIAMATA");
        assert_eq!(value["decisione"], "NEGATA");
        assert_eq!(value["soggetto"], "a\"b\u{fffd}");
        assert_eq!(value["emittente"], "https://idp.example");
        assert_eq!(value["rpc"].as_str().unwrap().len(), MAX_RPC);
        assert!(
            value["selezione"]["cf_azienda"]
                .as_str()
                .unwrap()
                .starts_with("hmac-sha256:")
        );
        assert!(value.get("ente").is_none() && value.get("rilevazione").is_none());
    }
}
