//! The life cycle against its model: whatever people do, in whatever order, also two of them at the same time.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use chrono::{DateTime, Days, NaiveDate, Utc};
use omnia::{
    abilitazione::{DecisionTable, grants},
    clock::Clock,
};
use proptest::prelude::*;
use proptest_state_machine::{ReferenceStateMachine, StateMachineTest, prop_state_machine};
use sqlx::PgPool;
use tokio::runtime::Runtime;

use super::model::{ModelMove, ModelRegister, ModelState, ModelStep};
use crate::{
    abilitazione::{motivo, new_request, operatore},
    shipped_policy,
    test_bench::{self, TestDatabase},
    worlds,
};

const SOGGETTI: [&str; 2] = ["rgs", "dg-ammortizzatori"];
const PERSONS: [&str; 3] = ["anna", "bruno", "carla"];

/// One thing that happens.
#[derive(Debug, Clone)]
enum LifeEvent {
    One(ModelMove),
    /// Two at the same time.
    Race([ModelMove; 2]),
    /// Days pass.
    DaysPass(u64),
}

/// What there may be by now, as far as the making of events needs to know: of two at the same time the first came first.
#[derive(Debug, Clone, Default)]
struct PossibleRegister(ModelRegister);

fn azione() -> impl Strategy<Value = ModelStep> {
    prop_oneof![
        3 => Just(ModelStep::Verifica),
        4 => Just(ModelStep::Approvazione),
        2 => Just(ModelStep::Sospensione),
        2 => Just(ModelStep::Riattivazione),
        1 => Just(ModelStep::Revoca),
    ]
}

/// A step that its grant is likely to admit, so that the rarer states are reached.
fn likely_step(register: &ModelRegister) -> BoxedStrategy<ModelMove> {
    let grant_records = register.grants.iter().enumerate();
    let next: Vec<(usize, ModelStep)> = grant_records
        .flat_map(|(i, grant_record)| {
            let actions: &[ModelStep] = match grant_record.stato {
                ModelState::Richiesta => &[ModelStep::Verifica],
                ModelState::Verificata => &[ModelStep::Approvazione],
                ModelState::Attiva => &[ModelStep::Sospensione, ModelStep::Revoca],
                ModelState::Sospesa => &[ModelStep::Riattivazione, ModelStep::Revoca],
                ModelState::Revocata | ModelState::Rifiutata => &[],
            };
            actions.iter().map(move |azione| (i, *azione))
        })
        .collect();
    if next.is_empty() {
        return any_step(register.grants.len()).boxed();
    }
    (prop::sample::select(next), 0..PERSONS.len())
        .prop_map(|((quale, azione), chi)| ModelMove::Step { quale, azione, chi })
        .boxed()
}

/// Any step, of any grant or of none.
fn any_step(quante: usize) -> impl Strategy<Value = ModelMove> {
    (0..=quante, azione(), 0..PERSONS.len()).prop_map(|(quale, azione, chi)| ModelMove::Step {
        quale,
        azione,
        chi,
    })
}

fn any_recording(quante: usize) -> impl Strategy<Value = ModelMove> {
    let sostituisce = prop_oneof![2 => Just(None), 1 => (0..=quante).prop_map(Some)];
    (
        0..SOGGETTI.len(),
        0..8_u64,
        // Once in a while the last day is before the first.
        -1..10_i64,
        0..PERSONS.len(),
        sostituisce,
    )
        .prop_map(
            |(soggetto, dal, length, chi, sostituisce)| ModelMove::Record {
                soggetto,
                dal: dal + 1,
                al: (dal + 1).saturating_add_signed(length),
                chi,
                sostituisce,
            },
        )
}

impl ReferenceStateMachine for PossibleRegister {
    type State = Self;
    type Transition = LifeEvent;

    fn init_state() -> BoxedStrategy<Self> {
        Just(Self::default()).boxed()
    }

    fn transitions(Self(register): &Self) -> BoxedStrategy<LifeEvent> {
        let quante = register.grants.len();
        let one = || prop_oneof![3 => likely_step(register), 1 => any_step(quante).boxed()];
        // The same step by two persons; or any two steps.
        let same = (one(), 0..PERSONS.len()).prop_map(|(step, other)| {
            let mut twin = step;
            if let ModelMove::Step { chi, .. } = &mut twin {
                *chi = other;
            }
            LifeEvent::Race([step, twin])
        });
        let any = (one(), one()).prop_map(|(a, b)| LifeEvent::Race([a, b]));
        // A few at a time, so that they live.
        let more = if quante < 8 { 5 } else { 1 };
        prop_oneof![
            more => any_recording(quante).prop_map(LifeEvent::One),
            12 => one().prop_map(LifeEvent::One),
            3 => same,
            3 => any,
            1 => (1..3_u64).prop_map(LifeEvent::DaysPass),
        ]
        .boxed()
    }

    fn apply(mut maybe: Self, evento: &LifeEvent) -> Self {
        let Self(register) = &mut maybe;
        match evento {
            LifeEvent::One(step) => {
                let _ = register.perform(*step);
            }
            LifeEvent::Race(moves) => {
                let _ = moves.map(|step| register.perform(step));
            }
            LifeEvent::DaysPass(giorni) => register.today += giorni,
        }
        maybe
    }
}

/// The register of a database, and what the model says it is.
struct LifeCycleTest {
    db: TestDatabase,
    runtime: Runtime,
    table: Arc<DecisionTable>,
    clock: Clock,
    giorno: Arc<AtomicU64>,
    model: ModelRegister,
    /// The numbers of the grants, in the order of their recording.
    numbers: Vec<i64>,
}

fn day(n: u64) -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 3, 25).unwrap() + Days::new(n)
}

/// The state that it leads to, and the number of a new one; or the last part of the name of the reason.
type MoveResult = Result<(String, Option<i64>), String>;

impl LifeCycleTest {
    async fn perform(&self, step: ModelMove) -> MoveResult {
        // As the service does: by its own role.
        let (pool, clock): (&PgPool, _) = (&self.db.serving, &self.clock);
        let number = |i: usize| self.numbers.get(i).copied().unwrap_or(i64::MAX);
        let why = motivo("prova");
        let esito = match step {
            ModelMove::Record {
                soggetto,
                dal,
                al,
                chi,
                sostituisce,
            } => {
                let mut fresh =
                    new_request(SOGGETTI[soggetto], "mef-rgs", "2026-01-01", "2026-01-01");
                (fresh.valida_dal, fresh.valida_al) = (day(dal), day(al));
                fresh.sostituisce = sostituisce.map(number);
                let who = operatore(PERSONS[chi]);
                grants::record_request(pool, clock, &self.table, &fresh, &who, &why)
                    .await
                    .map(|id| (grants::StatoAa07::Richiesta, Some(id)))
            }
            ModelMove::Step { quale, azione, chi } => {
                let azione = match azione {
                    ModelStep::Verifica => grants::Azione::Verifica,
                    ModelStep::Approvazione => grants::Azione::Approvazione,
                    ModelStep::Sospensione => grants::Azione::Sospensione,
                    ModelStep::Riattivazione => grants::Azione::Riattivazione,
                    ModelStep::Revoca => grants::Azione::Revoca,
                };
                let who = operatore(PERSONS[chi]);
                grants::advance(pool, clock, number(quale), azione, &who, &why)
                    .await
                    .map(|stato| (stato, None))
            }
        };
        let reason = |error: omnia::error::Error| {
            let name = error.reason.as_str_name();
            name.trim_start_matches("ERROR_REASON_").to_owned()
        };
        esito
            .map(|(stato, id)| (stato.to_string(), id))
            .map_err(reason)
    }

    fn one(&mut self, step: ModelMove) {
        let expected = self.model.perform(step);
        let found = self.runtime.block_on(self.perform(step));
        assert!(
            same(&found, expected),
            "{step:?}: {found:?} and not {expected:?}"
        );
        self.numbers.extend(found.ok().and_then(|(_, id)| id));
    }

    /// What comes out is what comes out in the one order or in the other.
    fn race(&mut self, [a, b]: [ModelMove; 2]) {
        let found = self
            .runtime
            .block_on(async { tokio::join!(self.perform(a), self.perform(b)) });
        let (mut first_a, mut first_b) = (self.model.clone(), self.model.clone());
        let in_order = {
            let a = first_a.perform(a);
            (a, first_a.perform(b))
        };
        let reversed = {
            let b = first_b.perform(b);
            (first_b.perform(a), b)
        };
        let is = |(a, b): (_, _)| same(&found.0, a) && same(&found.1, b);
        let stored = self.stored();
        if is(in_order) && stored == told(&first_a) {
            self.model = first_a;
        } else if is(reversed) && stored == told(&first_b) {
            self.model = first_b;
        } else {
            panic!(
                "{a:?} and {b:?} at once: {found:?}, {stored:?}; not {in_order:?}, nor {reversed:?}"
            );
        }
        if a == b {
            let won = usize::from(found.0.is_ok()) + usize::from(found.1.is_ok());
            assert!(won <= 1, "{a:?} twice");
        }
    }

    /// State and number of steps of each.
    fn stored(&self) -> Vec<(String, i32)> {
        let listed = self.runtime.block_on(grants::list(&self.db.serving));
        let grant_records = listed.unwrap();
        let told = grant_records
            .iter()
            .map(|s| (s.last.a_stato.to_string(), s.last.versione));
        told.collect()
    }
}

fn spelt(stato: ModelState) -> String {
    format!("{stato:?}").to_uppercase()
}

fn same(found: &MoveResult, expected: Result<ModelState, &str>) -> bool {
    match (found, expected) {
        (Ok((stato, _)), Ok(expected)) => *stato == spelt(expected),
        (Err(reason), Err(expected)) => reason == expected,
        _ => false,
    }
}

fn told(model: &ModelRegister) -> Vec<(String, i32)> {
    let grant_records = model.grants.iter();
    grant_records.map(|s| (spelt(s.stato), s.steps)).collect()
}

impl StateMachineTest for LifeCycleTest {
    type SystemUnderTest = Self;
    type Reference = PossibleRegister;

    fn init_test(_: &PossibleRegister) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap();
        let giorno = Arc::new(AtomicU64::new(0));
        // Around the change of the clocks in spring; two in the morning in Rome.
        let first: DateTime<Utc> = "2026-03-25T01:00:00Z".parse().unwrap();
        let clock = Clock::from_fn({
            let giorno = Arc::clone(&giorno);
            move || first + Days::new(giorno.load(Ordering::SeqCst))
        });
        let (db, table) = runtime
            .block_on(async { (test_bench::database().await, shipped_policy::table().await) });
        Self {
            db,
            runtime,
            table: Arc::clone(&table),
            clock,
            giorno,
            model: ModelRegister::default(),
            numbers: Vec::new(),
        }
    }

    fn apply(mut trial: Self, _: &PossibleRegister, evento: LifeEvent) -> Self {
        match evento {
            LifeEvent::One(step) => trial.one(step),
            LifeEvent::Race(moves) => trial.race(moves),
            LifeEvent::DaysPass(giorni) => {
                trial.model.today += giorni;
                trial.giorno.store(trial.model.today, Ordering::SeqCst);
            }
        }
        trial
    }

    fn check_invariants(trial: &Self, _: &PossibleRegister) {
        assert_eq!(trial.stored(), told(&trial.model));
        let today = day(trial.model.today);
        assert_eq!(trial.clock.today(), today);
        let access = trial.model.access();
        for (i, soggetto) in SOGGETTI.iter().enumerate() {
            let valid = grants::valid_for(&trial.db.serving, soggetto, today);
            let found = trial.runtime.block_on(valid).ok().map(|aa07| aa07.id);
            let expected = access.get(&i).map(|n| trial.numbers[*n]);
            assert_eq!(found, expected, "{soggetto} on {today}");
        }
    }
}

prop_state_machine! {
    #![proptest_config(ProptestConfig { cases: worlds::cases(16), max_shrink_iters: 200, ..ProptestConfig::default() })]

    #[test]
    fn whatever_happens_is_what_the_model_says(sequential 10..60 => LifeCycleTest);
}
