//! A call that is under way, and the record that it leaves.

use chrono::{DateTime, Utc};
use tonic::{Code, Status};
use tonic_types::StatusExt as _;

use super::{
    log::AuditLog,
    record::{AuditedCall, CallOutcome, RecordKind, RecordedDecision},
    refusals::{Refusals, RefusedCall},
};
use crate::{
    call_record::{CallFacts, CallRecord},
    error::{Error, Reason},
    telemetry::{Quiet, code_name},
    valori::tax_codes::masked,
};

/// A call that is under way.
#[derive(Debug)]
pub(super) struct OngoingCall {
    pub(super) audit: AuditLog,
    pub(super) refusals: Refusals,
    /// Whether its end is told in the log.
    pub(super) quiet: Quiet,
    /// Whether there is such a call.
    pub(super) known: bool,
    pub(super) rpc: String,
    pub(super) call_record: CallRecord,
    pub(super) trace_id: String,
    /// Whether it has no record yet.
    pub(super) pending: bool,
}

/// A call that is dropped before it had an answer (its client reset it, or its own time limit ended it) leaves a record too:
/// it may have read, or changed, what it was let in for.
impl Drop for OngoingCall {
    fn drop(&mut self) {
        if !self.pending {
            return;
        }
        let status = match self.call_record.is_expired() {
            true => Status::from(Error::new(Reason::CallDeadline, "")),
            false => Status::cancelled("the call ended before its answer"),
        };
        if self.is_counted(&status) {
            return;
        }
        let (now, tail) = self.record_tail(RecordKind::Chiamata, &status, Some(0));
        self.audit.enqueue(now, tail);
    }
}

impl OngoingCall {
    /// Whether the call was not let in, and was counted with others like it: then it is settled. One that was not let in and is to
    /// have a record has a line of the log too.
    pub(super) fn is_counted(&mut self, status: &Status) -> bool {
        if status.code() == Code::Ok {
            return false;
        }
        let facts = self.call_record.facts();
        if facts.admitted {
            return false;
        }
        let (reason, code) = (reason(status), code_name(status.code()));
        let refusal = RefusedCall::new(&facts, reason, code);
        let counted = self.refusals.counts(refusal, self.audit.now());
        if counted {
            self.quiet.keep();
            self.pending = false;
        } else {
            self.tell(&facts, status);
        }
        counted
    }

    fn tell(&self, facts: &CallFacts, status: &Status) {
        let text = |text: &Option<String>| masked(text.as_deref().unwrap_or_default()).into_owned();
        tracing::info!(
            soggetto = text(&facts.soggetto),
            ente = text(&facts.ente),
            profilo = text(&facts.profilo),
            // The path is the caller's text until the vocabulary knows it.
            rpc = if self.known { &self.rpc } else { "unknown" },
            reason = reason(status).unwrap_or_else(|| code_name(status.code()).to_owned()),
            detail = status.message(),
            "access denied"
        );
    }

    pub(super) async fn write(
        &mut self,
        tipo: RecordKind,
        status: &Status,
        byte: Option<u64>,
    ) -> crate::error::Result<i64> {
        let (now, tail) = self.record_tail(tipo, status, byte);
        // From its first poll on the record is on its way, whatever becomes of the call.
        self.pending = false;
        self.audit.write(now, tail).await
    }

    fn record_tail(
        &self,
        tipo: RecordKind,
        status: &Status,
        byte: Option<u64>,
    ) -> (DateTime<Utc>, String) {
        let facts = match byte {
            // The record of the whole call is the last that is written of it.
            Some(_) => self.call_record.take(),
            None => CallFacts {
                // A stream begins: what it may have read ahead was not sent.
                righe: None,
                ..self.call_record.facts()
            },
        };
        let now = self.audit.now();
        let tail = AuditedCall {
            tipo,
            rpc: &self.rpc,
            facts: &facts,
            decisione: Some(decision(status.code(), &facts)),
            motivo: reason(status).as_deref(),
            trace_id: &self.trace_id,
            outcome: byte.map(|byte| CallOutcome {
                code: code_name(status.code()),
                byte,
            }),
            inizio: None,
        }
        .record_tail(now, self.audit.key());
        (now, tail)
    }
}

/// What was decided, however the call ended: a handler may refuse what the door let in (four eyes).
fn decision(code: Code, facts: &CallFacts) -> RecordedDecision {
    if facts.permitted && code != Code::PermissionDenied {
        RecordedDecision::Consentita
    } else {
        RecordedDecision::Negata
    }
}

pub(super) fn reason(status: &Status) -> Option<String> {
    if status.code() == Code::Ok {
        return None;
    }
    Some(status.get_details_error_info()?.reason)
}
