//! What persons of INPS do to the grants of a subject, and what of it is the same for its twin.

use omnia::contract::proto::StatoAbilitazione as Stato;
use proptest::{prelude::*, sample::select};
use prost_reflect::{DynamicMessage, Value};
use serde_json::Value as Json;

use super::{
    question::{Question, call_named},
    requests,
};

const RECORD: &str = "GrantService/RecordRequest";
const VERIFY: &str = "GrantService/VerifyRequest";
const APPROVE: &str = "GrantService/ApproveRequest";
const SUSPEND: &str = "GrantService/SuspendGrant";
const RESUME: &str = "GrantService/ResumeGrant";
const REVOKE: &str = "GrantService/RevokeGrant";
/// All of them, by name.
pub(super) const CHANGES: [&str; 6] = [RECORD, VERIFY, APPROVE, SUSPEND, RESUME, REVOKE];
/// Persons of INPS.
pub(super) const STAFF: [&str; 2] = ["anna", "bruno"];

/// What a person does. Grants are numbered as they were recorded; one more than there are is none.
#[derive(Debug, Clone)]
pub(super) struct StaffMove {
    pub(super) who: usize,
    pub(super) what: StaffAct,
}

#[derive(Debug, Clone)]
pub(super) enum StaffAct {
    /// Records this request, perhaps for a grant that it replaces.
    Record(Question, Option<usize>),
    /// `None`: a step that the grant admits.
    Step(Option<&'static str>, usize, &'static str),
    Look(usize),
    /// Lists the subject's grants, a few on a page.
    List(i32),
}

/// The first of them, of which every step is taken and refused.
pub(super) fn whole_life() -> impl Strategy<Value = Vec<StaffMove>> {
    requests::question(&call_named(RECORD), false).prop_map(|request| {
        let record = || StaffAct::Record(request.clone(), None);
        let step = |rpc, which| StaffAct::Step(Some(rpc), which, "prova");
        let (anna, bruno) = (0, 1);
        let moves = [
            (anna, record()),
            (bruno, step(APPROVE, 0)),
            (anna, step(VERIFY, 0)),
            (anna, step(VERIFY, 0)),
            (anna, step(APPROVE, 0)),
            (bruno, step(RESUME, 0)),
            (bruno, step(APPROVE, 0)),
            (anna, step(SUSPEND, 0)),
            (anna, step(SUSPEND, 0)),
            (bruno, step(RESUME, 0)),
            // The same days once more, first beside the first and then instead of it.
            (anna, record()),
            (anna, step(VERIFY, 1)),
            (bruno, step(APPROVE, 1)),
            (anna, StaffAct::Record(request.clone(), Some(0))),
            (anna, step(VERIFY, 2)),
            (bruno, step(APPROVE, 2)),
            (bruno, StaffAct::Look(0)),
            (bruno, step(REVOKE, 2)),
            (bruno, step(REVOKE, 2)),
            (anna, StaffAct::Record(request.clone(), Some(2))),
        ];
        moves.map(|(who, what)| StaffMove { who, what }).into()
    })
}

pub(super) fn any_move() -> impl Strategy<Value = StaffMove> {
    let call = call_named(RECORD);
    let request = prop_oneof![
        2 => requests::question(&call, false),
        1 => requests::question(&call, true),
    ];
    let replaced = prop_oneof![3 => Just(None), 1 => (0..4_usize).prop_map(Some)];
    let which = 0..4_usize;
    let rpc = prop_oneof![3 => Just(None), 1 => select(&CHANGES[1..]).prop_map(Some)];
    let motivo = prop_oneof![12 => Just("prova"), 1 => Just(" ")];
    let what = prop_oneof![
        4 => (request, replaced).prop_map(|(request, old)| StaffAct::Record(request, old)),
        9 => (rpc, which.clone(), motivo).prop_map(|(rpc, at, why)| StaffAct::Step(rpc, at, why)),
        2 => which.prop_map(StaffAct::Look),
        1 => prop_oneof![Just(0), Just(1), Just(-1)].prop_map(StaffAct::List),
    ];
    (0..STAFF.len(), what).prop_map(|(who, what)| StaffMove { who, what })
}

/// A subject, and the numbers of its grants.
#[derive(Debug, Clone)]
pub(super) struct Twin {
    soggetto: String,
    ids: Vec<i64>,
}

impl Twin {
    /// Without grants yet.
    pub(super) fn new(soggetto: String) -> Self {
        Self {
            soggetto,
            ids: Vec::new(),
        }
    }

    fn id(&self, which: usize) -> i64 {
        self.ids.get(which).copied().unwrap_or(i64::MAX)
    }

    /// The same for both: its name and its numbers are those of nobody, and so is a token, which is bound to them.
    pub(super) fn nameless(&self, json: &Json) -> Json {
        match json {
            Json::Object(members) => {
                let members = members.iter().map(|(name, value)| {
                    let value = match name.as_str() {
                        "next_page_token" => Json::Bool(value != ""),
                        _ => self.nameless(value),
                    };
                    (name.clone(), value)
                });
                Json::Object(members.collect())
            }
            Json::Array(values) => values.iter().map(|value| self.nameless(value)).collect(),
            Json::String(text) => {
                let mut text = text.replace(&self.soggetto, "gemello");
                for (which, id) in self.ids.iter().enumerate() {
                    text = text.replace(&format!("grant {id}:"), &format!("grant #{which}:"));
                    if text == id.to_string() {
                        text = format!("#{which}");
                    }
                }
                Json::String(text)
            }
            other => other.clone(),
        }
    }
}

/// What a move asks of a twin, whose grants are in these states.
pub(super) fn question(act: &StaffAct, of: &Twin, states: &[Stato]) -> Question {
    let (rpc, fields) = match act {
        StaffAct::Record(request, replaced) => {
            let mut request = request.clone();
            let message = &mut request.message;
            let soggetto = message.get_field_by_name("soggetto").unwrap();
            if soggetto.as_str() == Some("nuovo") {
                message.set_field_by_name("soggetto", Value::String(of.soggetto.clone()));
            }
            if let Some(which) = replaced {
                message.set_field_by_name("sostituisce", Value::I64(of.id(*which)));
            }
            return request;
        }
        StaffAct::Step(rpc, which, motivo) => {
            let motivo = Value::String((*motivo).to_owned());
            let rpc = rpc.unwrap_or_else(|| likely(states.get(*which)));
            (
                rpc,
                vec![("id", Value::I64(of.id(*which))), ("motivo", motivo)],
            )
        }
        StaffAct::Look(which) => (
            "GrantService/GetGrant",
            vec![("id", Value::I64(of.id(*which)))],
        ),
        StaffAct::List(page_size) => {
            let call = call_named("GrantService/ListGrants");
            let filtro = call.input().get_field_by_name("filtro").unwrap().kind();
            let mut filtro = DynamicMessage::new(filtro.as_message().unwrap().clone());
            filtro.set_field_by_name("soggetto", Value::String(of.soggetto.clone()));
            let filtro = Value::Message(filtro);
            let size = Value::I32(*page_size);
            (
                "GrantService/ListGrants",
                vec![("filtro", filtro), ("page_size", size)],
            )
        }
    };
    let call = call_named(rpc);
    let mut message = DynamicMessage::new(call.input());
    for (name, value) in fields {
        message.set_field_by_name(name, value);
    }
    Question { call, message }
}

/// A step of a grant in this state, so that the rarer states are reached.
fn likely(state: Option<&Stato>) -> &'static str {
    match state {
        Some(Stato::Richiesta) => VERIFY,
        Some(Stato::Verificata) => APPROVE,
        Some(Stato::Attiva | Stato::Futura) => SUSPEND,
        Some(Stato::Sospesa) => RESUME,
        _ => REVOKE,
    }
}

/// The number of a new grant, and the state of any.
pub(super) fn learn(answer: &Json, twin: &mut Twin, states: &mut Vec<Stato>) {
    let grant = &answer["abilitazione"];
    let (Some(id), Some(stato)) = (grant["id"].as_str(), grant["stato"].as_str()) else {
        return;
    };
    let id = id.parse().unwrap();
    let which = twin.ids.iter().position(|known| *known == id);
    let which = which.unwrap_or_else(|| {
        twin.ids.push(id);
        twin.ids.len() - 1
    });
    states.resize(twin.ids.len(), Stato::Unspecified);
    states[which] = Stato::from_str_name(stato).unwrap();
}
