//! Scenarios `export/…`: decrees out of the service, and its memory meanwhile.
//!
//! Ours is the program `omnia serve` that reads, encodes and sends over TCP, drained by a client that hands the lotti on as
//! bytes, as psql does with its lines; "decoded" is a client that makes structs of them. The peer writes the same columns of
//! the same rows in the same order as CSV, to /dev/null.

use criterion::Criterion;
use tokio::runtime::Runtime;

use super::{
    goals::{Goals, mebibytes},
    memory::memory,
    psql,
    scene::{LOADED, Scene},
    service::Service,
    side_by_side::{Pair, TimesThePeer, compare, timed},
};

/// Half of the peer's rows/s.
const GOAL: f64 = 0.5;
const MEMORY_GOAL: u64 = 100 << 20;

/// See the module.
pub fn run(
    criterion: &mut Criterion<TimesThePeer>,
    goals: &mut Goals,
    runtime: &Runtime,
    scene: &Scene,
) {
    let service = runtime.block_on(Service::start(scene));
    let idle = memory(service.pid());
    let all: Vec<&str> = scene.extract.totals.keys().map(String::as_str).collect();
    // The result first: every norm, against what the file says.
    for norm in &all {
        let exported = runtime.block_on(service.export(norm));
        assert_eq!(exported, scene.extract.totals[*norm], "{norm}");
    }
    let first = memory(service.pid());

    let serving = scene.cluster.connect_options(LOADED, "omnia_servizio");
    let biggest = [scene.extract.biggest_norm()];
    for (name, norms) in [("one norm", &biggest[..]), ("all norms", &all)] {
        let rows = norms.iter().map(|n| scene.extract.totals[*n].righe).sum();
        let commands: Vec<String> = norms.iter().map(|norm| copy_to(norm)).collect();
        let pairs = compare(criterion, "export", name, |round| {
            let ours = || {
                let mut received = 0;
                for norm in norms {
                    received += runtime.block_on(service.drain(norm));
                }
                assert_eq!(received, rows);
            };
            let peer = || psql::run(&serving, &commands);
            Pair::in_turn(round, || timed(ours), || timed(peer))
        });
        goals.speed(&format!("export/{name}"), rows, &pairs, GOAL);
    }
    let rows = scene.extract.totals[biggest[0]].righe;
    let command = [copy_to(biggest[0])];
    let pairs = compare(criterion, "export", "one norm, decoded", |round| {
        let ours = || assert_eq!(runtime.block_on(service.export(biggest[0])).righe, rows);
        Pair::in_turn(
            round,
            || timed(ours),
            || timed(|| psql::run(&serving, &command)),
        )
    });
    goals.figure("export/one norm, decoded", rows, &pairs);

    let peak = memory(service.pid()).peak;
    println!(
        "export/memory           idle {}, peak {} over the first export of all rows, {} over all exports",
        mebibytes(idle.now),
        mebibytes(first.peak),
        mebibytes(peak)
    );
    goals.bytes("export/memory: peak of the service", peak, MEMORY_GOAL);
    runtime.block_on(service.stop());
}

/// The columns of the contract, in the reading order of the contract.
fn copy_to(norm: &str) -> String {
    format!(
        "\\copy (select prestazione, codifica_sistema_unico, numero_decreto, data_decreto, validita_dal, validita_al, \
         cf_azienda, matricola_azienda, ore_decretate, importi_autorizzati, importi_erogati \
         from dettaglio_decreto \
         where normativa = '{norm}' and dal_rilevazione <= 1 and al_rilevazione >= 1 \
         order by data_decreto, numero_decreto, id) to stdout with (format csv)"
    )
}
