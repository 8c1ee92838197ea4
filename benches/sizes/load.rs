//! Scenario `load`: an extract into an empty database.
//!
//! Ours checks every value and every key, writes a rilevazione with its indexes, its sums by day and its blocks, and analyzes
//! it. The peer only copies: the same file into the same table without indexes, in a database of its own, and then
//! builds the same indexes. Each pair is checked before it counts.

use std::iter;

use criterion::Criterion;
use tokio::runtime::Runtime;

use super::{
    extract::rows,
    goals::Goals,
    psql,
    scene::SizesScene,
    side_by_side::{TimedPair, TimesThePeer, compare, timed},
};

/// Of the peer's rows/s.
const GOAL: f64 = 0.6;

/// See the module.
pub fn run(
    criterion: &mut Criterion<TimesThePeer>,
    goals: &mut Goals,
    runtime: &Runtime,
    scene: &SizesScene,
) {
    let pairs = compare(criterion, "load", "carica", |round| {
        let indexes = runtime.block_on(prepare(scene));
        let commands: Vec<String> = iter::once(copy_from(scene)).chain(indexes).collect();
        let pair = TimedPair::in_turn(
            round,
            || {
                runtime.block_on(scene.checkpoint());
                timed(|| runtime.block_on(scene.load("ours")))
            },
            || {
                runtime.block_on(scene.checkpoint());
                timed(|| psql::run(&scene.owner("peer"), &commands))
            },
        );
        runtime.block_on(check(scene));
        pair
    });
    goals.speed("load", rows().cast_signed(), &pairs, GOAL);
}

/// Makes both databases; the statements that give the peer's table its indexes.
async fn prepare(scene: &SizesScene) -> Vec<String> {
    for database in ["ours", "peer"] {
        scene.create_database(database).await;
    }
    // The file does not say of which rilevazione it is.
    let default = "alter table dettaglio_decreto alter dal_rilevazione set default 1";
    scene.execute("peer", default).await;
    scene.take_indexes("peer").await
}

fn copy_from(scene: &SizesScene) -> String {
    let columns = &scene.extract.columns;
    let file = scene.extract.copied.display();
    format!("\\copy dettaglio_decreto ({columns}) from '{file}' with (format csv, header)")
}

async fn check(scene: &SizesScene) {
    for database in ["ours", "peer"] {
        assert_eq!(scene.totals(database).await, scene.extract.all());
        scene.drop_database(database).await;
    }
}
