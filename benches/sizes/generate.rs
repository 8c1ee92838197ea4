//! Scenario `generate`: the invented extract, written to disk.

use std::{fs, time::Duration};

use criterion::{Criterion, SamplingMode, Throughput};

use super::{extract, scene::SizesScene};

/// Without a peer: rows/s.
pub fn run(criterion: &mut Criterion, scene: &SizesScene) {
    let folder = scene.dir.join("again");
    let again = extract::write(&folder);
    let bytes = |path| fs::read(path).unwrap();
    assert!(
        bytes(&again.decreti) == bytes(&scene.extract.sources.decreti),
        "the same options gave other bytes"
    );

    let mut group = criterion.benchmark_group("generate");
    group
        .sampling_mode(SamplingMode::Flat)
        .sample_size(10)
        .warm_up_time(Duration::from_millis(1))
        .measurement_time(Duration::from_secs(1))
        .throughput(Throughput::Elements(extract::rows()));
    group.bench_function("extract", |bencher| {
        bencher.iter(|| extract::write(&folder));
    });
    group.finish();
    fs::remove_dir_all(folder).unwrap();
}
