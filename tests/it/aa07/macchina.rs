//! The life cycle against its model: whatever people do, in whatever order, also two of them at the same time.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use chrono::{DateTime, Days, NaiveDate, Utc};
use omnia::{
    abilitazione::{Politica, Sorgente, Tabella, grants},
    clock::Clock,
    contract::vocabulary::Vocabulary,
};
use proptest::prelude::*;
use proptest_state_machine::{ReferenceStateMachine, StateMachineTest, prop_state_machine};
use sqlx::PgPool;
use tokio::runtime::Runtime;

use super::modello::{Azione, Mossa, Registro, Stato};
use crate::{
    abilitazione::{motivo, nuova, operatore},
    banco::{self, Database},
};

const SOGGETTI: [&str; 2] = ["rgs", "dg-ammortizzatori"];
const PERSONE: [&str; 3] = ["anna", "bruno", "carla"];

/// One thing that happens.
#[derive(Debug, Clone)]
enum Evento {
    Una(Mossa),
    /// Two at the same time.
    Gara([Mossa; 2]),
    /// Days pass.
    Passano(u64),
}

/// What there may be by now, as far as the making of events needs to know: of two at the same time the first came first.
#[derive(Debug, Clone, Default)]
struct Forse(Registro);

fn azione() -> impl Strategy<Value = Azione> {
    prop_oneof![
        3 => Just(Azione::Verifica),
        4 => Just(Azione::Approvazione),
        2 => Just(Azione::Sospensione),
        2 => Just(Azione::Riattivazione),
        1 => Just(Azione::Revoca),
    ]
}

/// A step that its grant is likely to admit, so that the rarer states are reached.
fn avanti(registro: &Registro) -> BoxedStrategy<Mossa> {
    let schede = registro.schede.iter().enumerate();
    let next: Vec<(usize, Azione)> = schede
        .flat_map(|(i, scheda)| {
            let azioni: &[Azione] = match scheda.stato {
                Stato::Richiesta => &[Azione::Verifica],
                Stato::Verificata => &[Azione::Approvazione],
                Stato::Attiva => &[Azione::Sospensione, Azione::Revoca],
                Stato::Sospesa => &[Azione::Riattivazione, Azione::Revoca],
                Stato::Revocata | Stato::Rifiutata => &[],
            };
            azioni.iter().map(move |azione| (i, *azione))
        })
        .collect();
    if next.is_empty() {
        return passo(registro.schede.len()).boxed();
    }
    (prop::sample::select(next), 0..PERSONE.len())
        .prop_map(|((quale, azione), chi)| Mossa::Passo { quale, azione, chi })
        .boxed()
}

/// Any step, of any grant or of none.
fn passo(quante: usize) -> impl Strategy<Value = Mossa> {
    (0..=quante, azione(), 0..PERSONE.len()).prop_map(|(quale, azione, chi)| Mossa::Passo {
        quale,
        azione,
        chi,
    })
}

fn registra(quante: usize) -> impl Strategy<Value = Mossa> {
    let sostituisce = prop_oneof![2 => Just(None), 1 => (0..=quante).prop_map(Some)];
    (
        0..SOGGETTI.len(),
        0..8_u64,
        // Once in a while the last day is before the first.
        -1..10_i64,
        0..PERSONE.len(),
        sostituisce,
    )
        .prop_map(
            |(soggetto, dal, length, chi, sostituisce)| Mossa::Registra {
                soggetto,
                dal: dal + 1,
                al: (dal + 1).saturating_add_signed(length),
                chi,
                sostituisce,
            },
        )
}

impl ReferenceStateMachine for Forse {
    type State = Self;
    type Transition = Evento;

    fn init_state() -> BoxedStrategy<Self> {
        Just(Self::default()).boxed()
    }

    fn transitions(Self(registro): &Self) -> BoxedStrategy<Evento> {
        let quante = registro.schede.len();
        let una = || prop_oneof![3 => avanti(registro), 1 => passo(quante).boxed()];
        // The same step by two persons; or any two steps.
        let same = (una(), 0..PERSONE.len()).prop_map(|(mossa, other)| {
            let mut twin = mossa;
            if let Mossa::Passo { chi, .. } = &mut twin {
                *chi = other;
            }
            Evento::Gara([mossa, twin])
        });
        let any = (una(), una()).prop_map(|(a, b)| Evento::Gara([a, b]));
        // A few at a time, so that they live.
        let more = if quante < 8 { 5 } else { 1 };
        prop_oneof![
            more => registra(quante).prop_map(Evento::Una),
            12 => una().prop_map(Evento::Una),
            3 => same,
            3 => any,
            1 => (1..3_u64).prop_map(Evento::Passano),
        ]
        .boxed()
    }

    fn apply(mut forse: Self, evento: &Evento) -> Self {
        let Self(registro) = &mut forse;
        match evento {
            Evento::Una(mossa) => {
                let _ = registro.muovi(*mossa);
            }
            Evento::Gara(mosse) => {
                let _ = mosse.map(|mossa| registro.muovi(mossa));
            }
            Evento::Passano(giorni) => registro.oggi += giorni,
        }
        forse
    }
}

/// The register of a database, and what the model says it is.
struct Prova {
    db: Database,
    runtime: Runtime,
    tabella: Arc<Tabella>,
    clock: Clock,
    giorno: Arc<AtomicU64>,
    modello: Registro,
    /// The numbers of the grants, in the order of their recording.
    numeri: Vec<i64>,
}

fn day(n: u64) -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 3, 25).unwrap() + Days::new(n)
}

/// The state that it leads to, and the number of a new one; or the last part of the name of the reason.
type Esito = Result<(String, Option<i64>), String>;

impl Prova {
    async fn muovi(&self, mossa: Mossa) -> Esito {
        // As the service does: by its own role.
        let (pool, clock): (&PgPool, _) = (&self.db.servizio, &self.clock);
        let number = |i: usize| self.numeri.get(i).copied().unwrap_or(i64::MAX);
        let why = motivo("prova");
        let esito = match mossa {
            Mossa::Registra {
                soggetto,
                dal,
                al,
                chi,
                sostituisce,
            } => {
                let mut nuova = nuova(SOGGETTI[soggetto], "mef-rgs", "2026-01-01", "2026-01-01");
                (nuova.valida_dal, nuova.valida_al) = (day(dal), day(al));
                nuova.sostituisce = sostituisce.map(number);
                let who = operatore(PERSONE[chi]);
                grants::registra(pool, clock, &self.tabella, &nuova, &who, &why)
                    .await
                    .map(|id| (grants::Stato::Richiesta, Some(id)))
            }
            Mossa::Passo { quale, azione, chi } => {
                let azione = match azione {
                    Azione::Verifica => grants::Azione::Verifica,
                    Azione::Approvazione => grants::Azione::Approvazione,
                    Azione::Sospensione => grants::Azione::Sospensione,
                    Azione::Riattivazione => grants::Azione::Riattivazione,
                    Azione::Revoca => grants::Azione::Revoca,
                };
                let who = operatore(PERSONE[chi]);
                grants::avanza(pool, clock, number(quale), azione, &who, &why)
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

    fn una(&mut self, mossa: Mossa) {
        let expected = self.modello.muovi(mossa);
        let found = self.runtime.block_on(self.muovi(mossa));
        assert!(
            same(&found, expected),
            "{mossa:?}: {found:?} and not {expected:?}"
        );
        self.numeri.extend(found.ok().and_then(|(_, id)| id));
    }

    /// What comes out is what comes out in the one order or in the other.
    fn gara(&mut self, [a, b]: [Mossa; 2]) {
        let found = self
            .runtime
            .block_on(async { tokio::join!(self.muovi(a), self.muovi(b)) });
        let (mut first_a, mut first_b) = (self.modello.clone(), self.modello.clone());
        let in_order = {
            let a = first_a.muovi(a);
            (a, first_a.muovi(b))
        };
        let reversed = {
            let b = first_b.muovi(b);
            (first_b.muovi(a), b)
        };
        let is = |(a, b): (_, _)| same(&found.0, a) && same(&found.1, b);
        let stored = self.stored();
        if is(in_order) && stored == told(&first_a) {
            self.modello = first_a;
        } else if is(reversed) && stored == told(&first_b) {
            self.modello = first_b;
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
        let listed = self.runtime.block_on(grants::list(&self.db.servizio));
        let schede = listed.unwrap();
        let told = schede
            .iter()
            .map(|s| (s.ultimo.a_stato.to_string(), s.ultimo.versione));
        told.collect()
    }
}

fn spelt(stato: Stato) -> String {
    format!("{stato:?}").to_uppercase()
}

fn same(found: &Esito, expected: Result<Stato, &str>) -> bool {
    match (found, expected) {
        (Ok((stato, _)), Ok(expected)) => *stato == spelt(expected),
        (Err(reason), Err(expected)) => reason == expected,
        _ => false,
    }
}

fn told(modello: &Registro) -> Vec<(String, i32)> {
    let schede = modello.schede.iter();
    schede.map(|s| (spelt(s.stato), s.passi)).collect()
}

impl StateMachineTest for Prova {
    type SystemUnderTest = Self;
    type Reference = Forse;

    fn init_test(_: &Forse) -> Self {
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
        let (db, tabella) = runtime.block_on(async {
            let vocabulary = Vocabulary::of_contract().unwrap();
            let politica = Politica::load(&Sorgente::embedded(), &vocabulary).await;
            (banco::database().await, politica.unwrap().tabella())
        });
        Self {
            db,
            runtime,
            tabella: Arc::clone(&tabella),
            clock,
            giorno,
            modello: Registro::default(),
            numeri: Vec::new(),
        }
    }

    fn apply(mut prova: Self, _: &Forse, evento: Evento) -> Self {
        match evento {
            Evento::Una(mossa) => prova.una(mossa),
            Evento::Gara(mosse) => prova.gara(mosse),
            Evento::Passano(giorni) => {
                prova.modello.oggi += giorni;
                prova.giorno.store(prova.modello.oggi, Ordering::SeqCst);
            }
        }
        prova
    }

    fn check_invariants(prova: &Self, _: &Forse) {
        assert_eq!(prova.stored(), told(&prova.modello));
        let oggi = day(prova.modello.oggi);
        assert_eq!(prova.clock.today(), oggi);
        let accesso = prova.modello.accesso();
        for (i, soggetto) in SOGGETTI.iter().enumerate() {
            let valid = grants::valid_for(&prova.db.servizio, soggetto, oggi);
            let found = prova.runtime.block_on(valid).ok().map(|aa07| aa07.id);
            let expected = accesso.get(&i).map(|n| prova.numeri[*n]);
            assert_eq!(found, expected, "{soggetto} on {oggi}");
        }
    }
}

prop_state_machine! {
    #![proptest_config(ProptestConfig { cases: 16, max_shrink_iters: 200, ..ProptestConfig::default() })]

    #[test]
    fn whatever_happens_is_what_the_model_says(sequential 10..60 => Prova);
}
