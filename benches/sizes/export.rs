//! Scenarios `export/…`: decrees out of the service, and its memory meanwhile.
//!
//! Ours is the program `omnia serve` that reads, encodes and sends over TCP, drained by a client that hands the lotti on as
//! bytes, as psql does with its lines; "decoded" is a client that makes structs of them, lotto by lotto on whichever processor is
//! free. The peer writes the same columns of the same rows in the same order as CSV, to /dev/null. The filters are open periodi that leave the last tenth of the rows by
//! their last day, and the last six tenths.

use criterion::Criterion;
use omnia::contract::proto::{FiltroDecreti, Periodo};
use tokio::runtime::Runtime;

use super::{
    goals::{Goals, mebibytes},
    memory::memory,
    psql,
    scene::{LOADED, SizesScene},
    service::ExportService,
    side_by_side::{TimedPair, TimesThePeer, compare, timed},
};

/// Of the peer's rows/s.
const DRAINED: f64 = 6.0;
const DECODED: f64 = 1.6;
const FILTERED: f64 = 1.1;
/// Beyond the idle service: with one client that reads a megabyte a second, and with ten.
const ONE_SLOW: u64 = 16 << 20;
const TEN_SLOW: u64 = 64 << 20;

/// See the module.
pub fn run(
    criterion: &mut Criterion<TimesThePeer>,
    goals: &mut Goals,
    runtime: &Runtime,
    scene: &SizesScene,
) {
    let norm = scene.extract.biggest_norm();
    slow_clients(goals, runtime, scene, norm);

    let service = runtime.block_on(ExportService::start(scene));
    let all = FiltroDecreti::default();
    // The result first: every norm, against what the file says.
    for norm in scene.extract.totals.keys() {
        let exported = runtime.block_on(service.export(norm, &all));
        assert_eq!(exported, scene.extract.totals[norm], "{norm}");
    }
    let rows = scene.extract.totals[norm].rows;
    let serving = scene.cluster.connect_options(LOADED, "omnia_servizio");

    let command = [copy_to(norm, "true")];
    for (name, decoded, goal) in [
        ("one norm", false, DRAINED),
        ("one norm, decoded", true, DECODED),
    ] {
        let pairs = compare(criterion, "export", name, |round| {
            let ours = || {
                let received = if decoded {
                    runtime.block_on(service.export(norm, &all)).rows
                } else {
                    runtime.block_on(service.drain(norm, &all))
                };
                assert_eq!(received, rows);
            };
            TimedPair::in_turn(
                round,
                || timed(ours),
                || timed(|| psql::run(&serving, &command)),
            )
        });
        goals.speed(&format!("export/{name}"), rows, &pairs, goal);
    }

    for share in [10, 60] {
        let dal = runtime.block_on(scene.last_share(norm, share));
        let condition = format!("validita_al >= '{dal}'");
        let expected = runtime.block_on(scene.totals_where(norm, &condition));
        let filtro = FiltroDecreti {
            periodo: Some(Periodo {
                dal,
                ..Default::default()
            }),
            ..Default::default()
        };
        assert_eq!(runtime.block_on(service.export(norm, &filtro)), expected);
        let command = [copy_to(norm, &condition)];
        let name = format!("a filter that keeps {share} %");
        let pairs = compare(criterion, "export", &name, |round| {
            let ours = || {
                assert_eq!(
                    runtime.block_on(service.drain(norm, &filtro)),
                    expected.rows
                )
            };
            TimedPair::in_turn(
                round,
                || timed(ours),
                || timed(|| psql::run(&serving, &command)),
            )
        });
        goals.speed(&format!("export/{name}"), expected.rows, &pairs, FILTERED);
    }
    runtime.block_on(service.stop());
}

/// The service's own memory while clients read slower than it could send.
fn slow_clients(goals: &mut Goals, runtime: &Runtime, scene: &SizesScene, norm: &str) {
    for (clients, goal) in [(1, ONE_SLOW), (10, TEN_SLOW)] {
        let service = runtime.block_on(ExportService::start(scene));
        let idle = memory(service.pid());
        runtime.block_on(service.slow_clients(clients, norm));
        let peak = memory(service.pid()).peak;
        println!(
            "export/memory, {clients} slow: idle {}, peak {}",
            mebibytes(idle.now),
            mebibytes(peak)
        );
        let name = format!("export/memory: {clients} clients at 1 MB/s, beyond idle");
        goals.bytes(&name, peak - idle.now, goal);
        runtime.block_on(service.stop());
    }
}

/// The columns of the contract, in the reading order of the contract.
fn copy_to(norm: &str, condition: &str) -> String {
    format!(
        "\\copy (select prestazione, codifica_sistema_unico, numero_decreto, data_decreto, validita_dal, validita_al, \
         cf_azienda, matricola_azienda, ore_decretate, importi_autorizzati, importi_erogati \
         from dettaglio_decreto \
         where normativa = '{norm}' and dal_rilevazione <= 1 and al_rilevazione >= 1 and {condition} \
         order by data_decreto, numero_decreto, id) to stdout with (format csv)"
    )
}
