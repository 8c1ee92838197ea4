//! The calls that change something: the same course, of two subjects that are twins. The one's grants are kept by gRPC, the other's by
//! REST; what each step leads to is the same, but for the names and the numbers of the twins.

use std::sync::{
    Mutex,
    atomic::{AtomicU32, Ordering},
};

use omnia::contract::proto::StatoAbilitazione as Stato;
use proptest::collection::vec;
use serde_json::Value as Json;

use super::{
    Tally,
    alike::{assert_alike, json_of},
    moves::{CHANGES, STAFF, StaffMove, Twin, any_move, learn, question, whole_life},
    question::Sender,
    records::{bare, by_trace},
    spelling::{Spelling, SpeltQuestion, Wordiness},
    ways::Ways,
};
use crate::{
    audit::call_records,
    server::{TestServer, whole_scope},
    worlds,
};

#[test]
fn a_course_of_changes_is_the_same() {
    let tally = Tally::default();
    let lives = (whole_life(), vec(vec(any_move(), 10..16), 3));
    worlds::each(2, &lives, |(first, others)| {
        let tally = &tally;
        async move {
            let office = Office::open().await;
            for (n, moves) in std::iter::once(first).chain(others).enumerate() {
                office.live(n, &moves, tally).await;
            }
            office.same_records().await;
        }
    });
    let tally = tally.into_inner().unwrap();
    for rpc in CHANGES {
        let [done, refused] = tally[rpc];
        assert!(done > 0 && refused > 0, "{rpc}: {done}, {refused}");
    }
}

/// A service, and those who keep grants.
struct Office {
    service: TestServer,
    ways: Ways,
    tokens: Vec<String>,
    spellings: Vec<Spelling>,
    traces: AtomicU32,
    /// The twins of a move, each with its trace.
    made: Mutex<Vec<[(u128, Twin); 2]>>,
}

impl Office {
    async fn open() -> Self {
        let service = TestServer::start().await;
        let estratto = crate::calls::extract();
        service.load(&estratto, "2026-10-31").await;
        let mut tokens = Vec::new();
        for person in STAFF {
            let profilo = "inps-gestione";
            service.grant_scope(person, profilo, whole_scope()).await;
            tokens.push(service.token(person));
        }
        Self {
            ways: Ways::to(&service),
            service,
            tokens,
            spellings: Spelling::all(),
            traces: AtomicU32::new(1),
            made: Mutex::default(),
        }
    }

    async fn live(&self, n: usize, moves: &[StaffMove], tally: &Tally) {
        let twin = |which: &str| Twin::new(format!("gemello-{which}-{n}"));
        let [mut one, mut other] = ["a", "b"].map(twin);
        let mut states: Vec<Stato> = Vec::new();
        for staff_move in moves {
            let asked = question(&staff_move.what, &one, &states);
            let twins = question(&staff_move.what, &other, &states);
            let traces = [0; 2].map(|_| self.traces.fetch_add(1, Ordering::Relaxed).into());
            let sender = |trace| Sender {
                token: Some(&self.tokens[staff_move.who]),
                trace: Some(trace),
                address: None,
            };
            let by_grpc = asked.by_grpc(&self.ways.channel, &sender(traces[0])).await;
            let rpc = asked.rpc();
            let spellings = self.spellings.iter().filter(|one| one.rpc == rpc);
            let mut spelt = spellings.map(|one| one.spell(&twins, 0, Wordiness::Brief));
            let spelt = spelt.find(SpeltQuestion::is_call).unwrap();
            let by_http = spelt
                .send(&self.ways, &sender(traces[1]), n.is_multiple_of(2))
                .await;
            let which = usize::from(by_grpc.is_err());
            tally.lock().unwrap().entry(rpc).or_default()[which] += 1;
            if let Ok(messages) = &by_grpc {
                let (by_grpc, by_http) = (json_of(&messages[0]), by_http.text().ok());
                learn(&by_grpc, &mut one, &mut states);
                learn(&by_http, &mut other, &mut Vec::new());
                let what = &staff_move.what;
                assert_eq!(one.nameless(&by_grpc), other.nameless(&by_http), "{what:?}");
            } else {
                let _ = assert_alike(&asked, &spelt, &by_grpc, &by_http, traces[1]);
            }
            let made = [(traces[0], one.clone()), (traces[1], other.clone())];
            self.made.lock().unwrap().push(made);
        }
    }

    async fn same_records(self) {
        let db = self.service.stop().await;
        let records = by_trace(&call_records(&db.owner).await);
        for twins in self.made.into_inner().unwrap() {
            let [by_grpc, by_http] = twins.map(|(trace, twin)| {
                let [record] = &records[&trace][..] else {
                    panic!("{:?}", records[&trace]);
                };
                let mut bare = bare(record);
                // A longer number is a longer message.
                bare.as_object_mut().unwrap().remove("byte");
                (twin.nameless(&bare), record["via"].clone())
            });
            assert_eq!(by_grpc.0, by_http.0);
            assert_eq!((by_grpc.1, by_http.1), (Json::Null, "REST".into()));
        }
    }
}
