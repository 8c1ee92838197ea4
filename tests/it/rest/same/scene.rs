//! A service that is asked by gRPC and by REST, and what is compared of it.

use std::{
    collections::BTreeMap,
    sync::{
        Mutex,
        atomic::{AtomicU32, Ordering},
    },
};

use prost_reflect::{DynamicMessage, Value};
use tonic::Status;

use super::{
    AskedTwice, OTHERS, PROFILES, Tally,
    alike::{GivenAs, LeftRecord, assert_alike},
    question::{Question, Sender},
    records::{assert_same_records, by_trace},
    spelling::Spelling,
    ways::Ways,
};
use crate::{
    audit::call_records,
    model::{ModelExtract, NORMATIVE},
    server::{TestServer, only_normativa, whole_scope},
    withdrawn::take_away,
};

/// A service, and all who ask.
pub(super) struct SameScene {
    service: TestServer,
    ways: Ways,
    tokens: BTreeMap<&'static str, String>,
    spellings: Vec<Spelling>,
    /// The next trace.
    traces: AtomicU32,
    made: Mutex<Vec<MadeTwice>>,
}

/// What was asked by gRPC and by REST: the traces of the two.
struct MadeTwice {
    by_grpc: u128,
    by_http: u128,
    /// What the second leaves.
    record: LeftRecord,
    /// Whether it asked for a part of a file.
    is_part: bool,
}

impl SameScene {
    pub(super) async fn of(extracts: &[ModelExtract]) -> Self {
        let service = TestServer::start_with(|s| {
            s.export.batch_rows = 3;
            s.export.max_concurrent = 9;
            s.export.max_per_subject = Some(9);
            // Every refusal has a record of its own.
            s.audit.refused_per_minute = 100_000.try_into().unwrap();
            s.audit.refused_per_caller_per_minute = s.audit.refused_per_minute;
        })
        .await;
        for (extract, day) in extracts
            .iter()
            .zip(["2026-08-31", "2026-09-30", "2026-10-31"])
        {
            if service.load(extract, day).await == 2 {
                take_away(&service, 2).await;
            }
        }
        let mut tokens = BTreeMap::new();
        for profilo in PROFILES {
            let soggetto = format!("cliente-{profilo}");
            service.grant_scope(&soggetto, profilo, whole_scope()).await;
            tokens.insert(profilo, service.token(&soggetto));
        }
        let one = only_normativa(NORMATIVE[0]);
        service.grant_scope("una", "mef-rgs", one).await;
        for soggetto in OTHERS {
            tokens.insert(soggetto, service.token(soggetto));
        }
        Self {
            ways: Ways::to(&service),
            service,
            tokens,
            spellings: Spelling::all(),
            // There is no trace 0.
            traces: AtomicU32::new(1),
            made: Mutex::default(),
        }
    }

    /// Twice: by gRPC, and in every spelling. Where the answer goes on, what follows it too.
    pub(super) async fn ask(&self, asked: &AskedTwice, tally: &Tally) {
        let answer = self.ask_this(&asked.question, asked, tally).await;
        let Some((field, token)) = answer.ok().and_then(|messages| goes_on(&messages)) else {
            return;
        };
        let mut question = asked.question.clone();
        let token = Value::String(token);
        question.message.set_field_by_name(field, token);
        let _ = self.ask_this(&question, asked, tally).await;
    }

    async fn ask_this(
        &self,
        question: &Question,
        asked: &AskedTwice,
        tally: &Tally,
    ) -> Result<Vec<DynamicMessage>, Status> {
        let _told = ToldOnPanic(question, asked.caller);
        let rpc = question.rpc();
        let by_grpc = self.traces.fetch_add(1, Ordering::Relaxed).into();
        let sender = self.sender(asked, by_grpc);
        let answer = question.by_grpc(&self.ways.channel, &sender).await;
        let which = usize::from(answer.is_err());
        tally.lock().unwrap().entry(rpc.clone()).or_default()[which] += 1;
        let is_file = GivenAs::of(question) == GivenAs::File;
        let from = if is_file { asked.from } else { 0 };
        for spelling in self.spellings.iter().filter(|one| one.rpc == rpc) {
            let by_http = self.traces.fetch_add(1, Ordering::Relaxed).into();
            let sender = self.sender(asked, by_http);
            let spelt = spelling.spell(question, from, asked.wordiness);
            let found = spelt.send(&self.ways, &sender, asked.http_2).await;
            let record = assert_alike(question, &spelt, &answer, &found, by_http);
            self.made.lock().unwrap().push(MadeTwice {
                by_grpc,
                by_http,
                record,
                is_part: from > 0,
            });
        }
        answer
    }

    fn sender(&self, asked: &AskedTwice, trace: u128) -> Sender<'_> {
        Sender {
            token: asked.caller.map(|caller| self.tokens[caller].as_str()),
            trace: Some(trace),
            address: None,
        }
    }

    /// The same records. A part of a file is a call for the whole of it, and perhaps two: they begin alike.
    pub(super) async fn same_records(self) {
        let made = self.made.into_inner().unwrap();
        let db = self.service.stop().await;
        let records = by_trace(&call_records(&db.owner).await);
        for one in made {
            let (mut by_grpc, mut by_http) =
                (&records[&one.by_grpc][..], &records[&one.by_http][..]);
            if one.is_part {
                (by_grpc, by_http) = (&by_grpc[..1], &by_http[..1]);
            }
            match one.record {
                LeftRecord::Same => assert_same_records(by_grpc, by_http),
                LeftRecord::Refused(reason) => {
                    let [record] = by_http else {
                        panic!("{by_http:?}");
                    };
                    let told = (record["motivo"].as_str(), record["via"].as_str());
                    assert_eq!(told, (Some(reason.as_str_name()), Some("REST")), "{record}");
                }
            }
        }
    }
}

/// The token to go on with, and the field that takes it.
fn goes_on(messages: &[DynamicMessage]) -> Option<(&'static str, String)> {
    let text = |of: &DynamicMessage, field: &str| {
        let value = of.get_field_by_name(field)?;
        Some(value.as_str()?.to_owned()).filter(|text| !text.is_empty())
    };
    messages.iter().find_map(|message| {
        let lotto = || {
            let lotto = message.get_field_by_name("lotto")?;
            Some(("resume_token", text(lotto.as_message()?, "resume_token")?))
        };
        let page = text(message, "next_page_token").map(|token| ("page_token", token));
        page.or_else(lotto)
    })
}

/// A failure says what was asked.
struct ToldOnPanic<'a>(&'a Question, Option<&'static str>);

impl Drop for ToldOnPanic<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            println!("{:?} asks {:?}", self.1, self.0);
        }
    }
}
