//! By gRPC and by REST the same: whatever is asked, by whomever.
//!
//! | promise | test |
//! | --- | --- |
//! | every call: the same answer, or the same refusal with the status of docs/rest.md; the same record but for the way it came | [`whatever_is_asked_is_answered_alike`] |
//! | the calls that change something: the same course, of two grants that are twins | [`changes`] |
//!
//! The calls, their requests and their resources are read from the contract: a new one is asked without a word here, and fails where
//! nobody said what its fields are asked with ([`values`]).

mod alike;
mod changes;
mod moves;
pub(crate) mod question;
pub(crate) mod records;
mod requests;
mod scene;
pub(crate) mod spelling;
mod statuses;
mod values;
pub(crate) mod ways;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Mutex,
};

use futures_util::{StreamExt as _, stream};
use proptest::{prelude::*, sample::select};

use self::{
    question::{Question, call_named},
    scene::SameScene,
    spelling::{Spelling, Wordiness},
};
use crate::{calls::every_rpc, model::ModelExtract, worlds};

/// Who asks, but for those without a token: subjects with a profile.
const PROFILES: [&str; 6] = [
    "mlps-ammortizzatori",
    "mlps-consultazione",
    "mef-rgs",
    "mef-sintesi",
    "inps-gestione",
    "inps-controllo",
];
/// With a grant on one norm; with no grant.
const OTHERS: [&str; 2] = ["una", "senza"];
/// Calls at the same time.
const AT_ONCE: usize = 4;

/// A question, who asks it, and how it is spelt.
#[derive(Debug, Clone)]
struct AskedTwice {
    question: Question,
    /// `None`: without a token.
    caller: Option<&'static str>,
    http_2: bool,
    wordiness: Wordiness,
    /// Of a file: the first byte that is wanted.
    from: u64,
}

/// The calls that change nothing, by name.
fn reads() -> BTreeSet<String> {
    let all = Spelling::all().into_iter().map(|spelling| spelling.rpc);
    all.filter(|rpc| !moves::CHANGES.contains(&rpc.as_str()))
        .collect()
}

/// Whoever may make a call.
fn entitled(rpc: &str) -> &'static str {
    match rpc {
        "AccessService/ExplainAccess" => "inps-controllo",
        _ if rpc.starts_with("GrantService/") => "inps-gestione",
        _ => "mlps-ammortizzatori",
    }
}

fn asked(
    rpc: &str,
    wild: bool,
    caller: impl Strategy<Value = Option<&'static str>> + 'static,
) -> BoxedStrategy<AskedTwice> {
    let call = call_named(rpc);
    let wordiness = select(&[Wordiness::Brief, Wordiness::Full][..]);
    let from = prop_oneof![3 => Just(0), 1 => 1..200_u64, 1 => Just(1 << 40)];
    let question = requests::question(&call, wild);
    (question, caller, any::<bool>(), wordiness, from)
        .prop_map(|(question, caller, http_2, wordiness, from)| AskedTwice {
            question,
            caller,
            http_2,
            wordiness,
            from,
        })
        .boxed()
}

/// Of each call: one question of nobody, some as people ask, and some with mistakes and by anybody.
fn round() -> Vec<BoxedStrategy<AskedTwice>> {
    let mut round = Vec::new();
    for rpc in reads() {
        let whoever = Just(Some(entitled(&rpc)));
        let anybody = prop_oneof![
            3 => whoever,
            1 => select([&PROFILES[..], &OTHERS[..]].concat()).prop_map(Some),
        ];
        round.push(asked(&rpc, false, Just(None)));
        for _ in 0..4 {
            round.push(asked(&rpc, false, whoever));
            round.push(asked(&rpc, true, anybody.clone()));
        }
    }
    round
}

/// Three extracts of one world, and what is asked of them.
fn world() -> impl Strategy<Value = ([ModelExtract; 3], Vec<AskedTwice>)> {
    let extracts = worlds::extract(25)
        .prop_flat_map(|first| (Just(first.clone()), worlds::following(first, 10)))
        .prop_flat_map(|(first, second)| {
            let third = worlds::following(second.clone(), 10);
            (Just(first), Just(second), third)
        })
        .prop_map(|(first, second, third)| [first, second, third]);
    (extracts, round())
}

/// How many questions of each call were answered, and refused.
type Tally = Mutex<BTreeMap<String, [u32; 2]>>;

/// Those of Arrow Flight have no resource.
#[test]
fn no_call_is_left_out() {
    let mut asked = reads();
    asked.extend(moves::CHANGES.map(str::to_owned));
    let all = every_rpc().into_iter();
    let expected: BTreeSet<String> = all
        .filter(|rpc| !rpc.starts_with("FlightService/"))
        .map(str::to_owned)
        .collect();
    assert_eq!(asked, expected);
}

#[test]
fn whatever_is_asked_is_answered_alike() {
    let tally = Tally::default();
    worlds::each(3, &world(), |(extracts, asked)| {
        let tally = &tally;
        async move {
            let scene = SameScene::of(&extracts).await;
            let all = stream::iter(&asked).map(|one| scene.ask(one, tally));
            all.buffer_unordered(AT_ONCE).collect::<()>().await;
            scene.same_records().await;
        }
    });
    let tally = tally.into_inner().unwrap();
    for rpc in reads() {
        let [answered, refused] = tally[&rpc];
        assert!(answered > 0 && refused > 0, "{rpc}: {answered}, {refused}");
    }
}
