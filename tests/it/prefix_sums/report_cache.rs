//! The memory: bounded, and read once however many ask.

use std::{sync::Arc, time::Duration};

use omnia::{contract::proto, report::cache::ReportCache};
use tokio::time::sleep;

use super::{full_access, load_all, permesso};
use crate::calls;
use crate::eventually::eventually;

#[tokio::test]
async fn the_one_asked_for_longest_ago_goes() {
    let (scene, chi) = full_access().await;
    load_all(&scene.db.owner, &vec![calls::extract(); 3]).await;
    let any = permesso(&chi, proto::FiltroReport::default());
    let cache = ReportCache::new(scene.db.serving.clone(), 2);
    let mut weak = Vec::new();
    for (ask, in_use) in [
        (1, vec![1]),
        (2, vec![2, 1]),
        (1, vec![1, 2]),
        (3, vec![3, 1]),
        (1, vec![1, 3]),
        (2, vec![2, 1]),
    ] {
        let prefix_sums = cache.prefix_sums(&any, ask).await.unwrap();
        assert!(!prefix_sums.pairs().is_empty());
        weak.push(Arc::downgrade(&prefix_sums));
        assert_eq!(cache.in_use(), in_use);
    }
    // What has no place is freed, and what kept it was not read again.
    let alive: Vec<bool> = weak.iter().map(|w| w.upgrade().is_some()).collect();
    assert_eq!(alive, [true, false, true, false, true, true]);
    assert!(weak[0].ptr_eq(&weak[4]));

    let one = ReportCache::new(scene.db.serving.clone(), 1);
    for ask in [1, 2, 3, 1] {
        one.prefix_sums(&any, ask).await.unwrap();
        assert_eq!(one.in_use(), [ask]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_at_once_read_once() {
    let (scene, chi) = full_access().await;
    load_all(&scene.db.owner, &[calls::extract()]).await;
    let cache = ReportCache::new(scene.db.serving.clone(), 1);
    let mut lock = scene.db.owner.begin().await.unwrap();
    sqlx::query("lock table somma_giorno in access exclusive mode")
        .execute(&mut *lock)
        .await
        .unwrap();
    let ask = || {
        let (cache, any) = (
            cache.clone(),
            permesso(&chi, proto::FiltroReport::default()),
        );
        tokio::spawn(async move { cache.prefix_sums(&any, 1).await })
    };
    let first = ask();
    let asking: Vec<_> = (0..63).map(|_| ask()).collect();
    let readers = async || -> i64 {
        sqlx::query_scalar(
            "select count(*) from pg_stat_activity
             where datname = current_database() and query like '%from somma_giorno%' and wait_event_type = 'Lock'",
        )
        .fetch_one(&scene.db.owner)
        .await
        .unwrap()
    };
    eventually("one reads", async || readers().await > 0).await;
    // All have come by then.
    for _ in 0..30 {
        sleep(Duration::from_millis(10)).await;
        assert_eq!(readers().await, 1);
    }
    // The one who reads goes away, with its reading: another reads.
    first.abort();
    lock.rollback().await.unwrap();
    let mut found = Vec::new();
    for answer in asking {
        found.push(answer.await.unwrap().unwrap());
    }
    assert!(
        found
            .iter()
            .all(|prefix_sums| Arc::ptr_eq(prefix_sums, &found[0]))
    );
    assert_eq!(found[0].pairs().len(), 6);
}

#[tokio::test]
async fn a_reading_that_fails_leaves_no_trace() {
    let (scene, chi) = full_access().await;
    load_all(&scene.db.owner, &[calls::extract()]).await;
    let any = permesso(&chi, proto::FiltroReport::default());
    let cache = ReportCache::new(scene.db.serving.clone(), 1);
    for (statement, good) in [
        ("revoke select on stanziamento from omnia_servizio", false),
        ("grant select on stanziamento to omnia_servizio", true),
    ] {
        sqlx::query(statement)
            .execute(&scene.db.owner)
            .await
            .unwrap();
        assert_eq!(
            cache.prefix_sums(&any, 1).await.is_ok(),
            good,
            "{statement}"
        );
    }
}
