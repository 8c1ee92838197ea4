use super::*;

fn connections(all: usize, per_address: usize) -> OpenConnections {
    let proxies = TrustedProxies::parse(&["10.9.9.9".to_owned()], "x-forwarded-for").unwrap();
    OpenConnections::new(ConnectionLimits {
        all,
        per_address,
        proxies,
    })
}

fn ip(last: u8) -> IpAddr {
    IpAddr::from([192, 0, 2, last])
}

fn is_evicted(slot: &Slot) -> bool {
    slot.0.open.evicted.is_cancelled()
}

#[test]
fn one_address_has_no_more_than_its_share_and_a_64_is_one_address() {
    let connections = connections(100, 2);
    let v6 = |text: &str| text.parse::<IpAddr>().unwrap();
    for (address, other) in [
        (ip(1), ip(1)),
        (ip(2), v6("::ffff:192.0.2.2")),
        (v6("2001:db8::1"), v6("2001:db8:0:0:ffff::2")),
    ] {
        let first = connections.admit(address).unwrap();
        let _busy = (first.busy(), connections.admit(other).unwrap().busy());
        assert!(connections.admit(other).is_none(), "{other}");
    }
    assert!(connections.admit(v6("2001:db8:0:1::1")).is_some());
    let mut proxied = Vec::new();
    for _ in 0..5 {
        proxied.push(
            connections
                .admit(IpAddr::from([10, 9, 9, 9]))
                .unwrap()
                .busy(),
        );
    }
}

#[test]
fn one_address_never_has_all_places() {
    let connections = connections(10, 1000);
    let busy: Vec<_> = (0..5)
        .map(|_| connections.admit(ip(1)).unwrap().busy())
        .collect();
    assert!(connections.admit(ip(1)).is_none());
    assert!(connections.admit(ip(2)).is_some());
    assert_eq!(busy.len(), 5);
}

#[test]
fn the_silent_one_makes_room_then_the_one_that_rests_longest_and_never_one_that_works() {
    let connections = connections(4, 4);
    let slots: Vec<_> = (1..=4).map(|n| connections.admit(ip(n)).unwrap()).collect();
    let [works, rests, rested, silent] = slots.as_slice() else {
        panic!("four")
    };
    for slot in [works, rests, rested] {
        slot.spoken();
    }
    rested.0.open.idle.store(1, Ordering::Release);
    rests.0.open.idle.store(2, Ordering::Release);
    silent.0.open.idle.store(3, Ordering::Release);
    let call = works.busy();

    // Within its first second no connection counts as silent.
    let fifth = connections.admit(ip(5)).unwrap();
    fifth.spoken();
    let fifth = fifth.busy();
    assert!(is_evicted(rested) && !is_evicted(silent));
    let later = Instant::now() + 2 * FIRST_WORD;
    assert!(connections.make_room(&mut connections.lock(), later, |_| true));
    assert!(is_evicted(silent) && !is_evicted(rests));
    let sixth = connections.admit(ip(6)).unwrap().busy();
    let seventh = connections.admit(ip(7)).unwrap().busy();
    assert!(is_evicted(rests));
    assert!(connections.admit(ip(8)).is_none());
    assert!(!is_evicted(works));
    drop(call);
    assert!(connections.admit(ip(8)).is_some());
    assert!(is_evicted(works));
    drop((fifth, sixth, seventh));
}

#[tokio::test]
async fn what_is_closed_is_waited_for_and_leaves_nothing_behind() {
    let connections = connections(CLOSING + 2, 1000);
    let open = |first: u8| -> Vec<Slot> {
        let peers = (first..).take(CLOSING + 2);
        peers.map(|n| connections.admit(ip(n)).unwrap()).collect()
    };
    let slots = open(1);
    let more = open(100);
    assert_eq!(connections.len(), CLOSING + 2);
    assert!(slots.iter().all(is_evicted));
    let waits = tokio::spawn({
        let connections = connections.clone();
        async move { connections.settle().await }
    });
    drop(slots);
    waits.await.unwrap();
    drop(more);
    let table = connections.lock();
    assert!(table.open.is_empty() && table.of_address.is_empty() && table.closing == 0);
}
