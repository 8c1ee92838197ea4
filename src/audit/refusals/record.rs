//! A RIFIUTI: how many calls were refused and have no record of their own.
//!
//! ```json
//! {"catena":3,"numero":91,"istante":"2026-11-25T17:03:41.902113Z","tipo":"RIFIUTI","indirizzo":"2001:db8:1:2::/64",
//!  "decisione":"NEGATA","motivo":"ERROR_REASON_TOKEN_MISSING","dal":"2026-11-25T17:03:12.123456Z",
//!  "al":"2026-11-25T17:03:41.902113Z","quante":4711,"esito":"UNAUTHENTICATED"}
//! ```
//!
//! `dal` and `al` are the first of these calls and the last, whose instant is the record's. With a good token there are `soggetto`,
//! `emittente`, and `finalita` and `jti` as in a CHIAMATA. `"altri":true` stands where those of many callers are counted together.

use serde::Serialize;

use super::{
    super::record::{RecordKind, RecordedDecision, record_tail as text, timestamp},
    tally::{Count, TalliedCaller, TallyLine},
};
use crate::crypto::key::AuditKey;

/// Field by field, in the order of the text.
#[derive(Serialize)]
struct RefusalsText<'a> {
    istante: String,
    tipo: RecordKind,
    #[serde(skip_serializing_if = "Option::is_none")]
    soggetto: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    emittente: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    finalita: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    jti: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    indirizzo: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    altri: Option<bool>,
    decisione: RecordedDecision,
    #[serde(skip_serializing_if = "Option::is_none")]
    motivo: Option<&'a str>,
    dal: String,
    al: String,
    quante: u64,
    esito: &'static str,
}

/// The text after catena and numero, which only the writer knows.
pub(super) fn record_tail(line: &TallyLine, count: Count, key: &AuditKey) -> String {
    let (subject, network) = match &line.who {
        TalliedCaller::Caller { subject, network } => (subject.as_ref(), *network),
        TalliedCaller::Others => (None, None),
    };
    let testo = RefusalsText {
        istante: timestamp(count.last),
        tipo: RecordKind::Rifiuti,
        soggetto: subject.map(|s| &*s.name),
        emittente: subject.and_then(|s| s.issuer.as_deref()),
        finalita: subject.and_then(|s| s.purpose.as_deref()),
        jti: subject.and_then(|s| s.jti.as_deref()),
        indirizzo: network.map(|network| network.to_string()),
        altri: (line.who == TalliedCaller::Others).then_some(true),
        decisione: RecordedDecision::Negata,
        motivo: line.reason.as_deref(),
        dal: timestamp(count.first),
        al: timestamp(count.last),
        quante: count.calls,
        esito: line.code,
    };
    text(&testo, key)
}
