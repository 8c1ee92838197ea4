//! What anchors say of chains that are gone, and of days that cannot be.

use omnia::audit::{
    anchor::write_anchor,
    pruning::{PruningLimit, prune},
    verify::verify,
};

use super::{
    intact,
    tampering::{at, nine_records, places, sql},
};
#[tokio::test]
async fn a_chain_removed_whole_is_missed_where_an_anchor_names_it() {
    let service = nine_records().await;
    let owner = &service.db.owner;
    write_anchor(owner, at("2026-11-24T00:00:05Z"))
        .await
        .unwrap();
    sql(
        owner,
        "delete from audit_registro; delete from audit_catena",
    )
    .await;
    assert_eq!(
        places(owner, None).await,
        ["catena 1: is missing: anchor 2 of 2026-11-24 saw it at record 10"]
    );
    service.stop().await;
}

/// A clock that was once ahead by years must not end the anchoring for years.
#[tokio::test]
async fn an_anchor_of_the_future_does_not_stop_those_of_the_present() {
    let service = nine_records().await;
    let owner = &service.db.owner;
    for instant in ["2036-05-01T08:00:00Z", "2026-11-24T08:00:00Z"] {
        let written = write_anchor(owner, at(instant)).await.unwrap();
        assert!(written.is_some(), "{instant}");
        let again = write_anchor(owner, at(instant)).await.unwrap();
        assert_eq!(again, None, "one a day: {instant}");
    }
    assert_eq!(
        places(owner, None).await,
        [
            "ancora 2: is dated 2036-05-01, and the one after it 2026-11-24: a clock was wrong, or it was added"
        ]
    );
    // The days go on; the false day has its own anchor when it comes.
    for instant in ["2026-11-25T00:00:01Z", "2036-05-01T00:00:01Z"] {
        assert!(write_anchor(owner, at(instant)).await.unwrap().is_some());
    }
    let found = verify(owner, None, None).await.unwrap();
    assert_eq!((found.anchors, found.faults.len()), (5, 1));
    service.stop().await;
}

#[tokio::test]
async fn a_clock_a_little_ahead_is_no_anchor_of_the_future() {
    let service = nine_records().await;
    let owner = &service.db.owner;
    write_anchor(owner, at("2026-11-24T00:00:01Z"))
        .await
        .unwrap();
    let behind = write_anchor(owner, at("2026-11-23T23:59:50Z"))
        .await
        .unwrap();
    assert_eq!(behind, None);
    intact(owner).await;
    service.stop().await;
}

/// An anchor that says too early a day must not make what it saw look old.
#[tokio::test]
async fn pruning_passes_over_an_anchor_of_a_clock_that_was_behind() {
    let service = nine_records().await;
    let owner = &service.db.owner;
    write_anchor(owner, at("2001-01-01T00:00:01Z"))
        .await
        .unwrap();
    let oggi = at("2026-12-01T00:00:00Z");
    let before = PruningLimit::Day("2010-01-01".parse().unwrap());
    assert_eq!(prune(owner, before, oggi, "prova").await.unwrap(), None);
    // A day that is still to come is false for sure and holds up nothing.
    write_anchor(owner, at("2036-05-01T00:00:01Z"))
        .await
        .unwrap();
    write_anchor(owner, at("2026-11-24T00:00:01Z"))
        .await
        .unwrap();
    let before = PruningLimit::Day("2026-11-25".parse().unwrap());
    let pruned = prune(owner, before, oggi, "prova").await.unwrap().unwrap();
    assert_eq!((pruned.ancora, pruned.righe), (4, 10));
    service.stop().await;
}

/// The column says which anchor pruning goes by, and no impronta covers it.
#[tokio::test]
async fn the_day_of_an_anchor_is_that_of_its_text() {
    let service = nine_records().await;
    let owner = &service.db.owner;
    sql(owner, "update audit_ancora set giorno = '2020-01-01'").await;
    assert_eq!(
        places(owner, None).await,
        ["ancora 1: its column giorno was changed"]
    );
    service.stop().await;
}
