//! The records of a call that was made by gRPC and by REST.

use std::collections::BTreeMap;

use serde_json::Value;

/// What two records of the same call differ in: where it stands in the log, when it was, in which trace; and how it came.
const OWN: [&str; 6] = ["catena", "numero", "istante", "traccia", "inizio", "via"];

/// The records by their trace, each in the order of its call.
pub(crate) fn by_trace(records: &[Value]) -> BTreeMap<u128, Vec<Value>> {
    let mut found: BTreeMap<u128, Vec<Value>> = BTreeMap::new();
    for record in records {
        let trace = u128::from_str_radix(record["traccia"].as_str().unwrap(), 16).unwrap();
        found.entry(trace).or_default().push(record.clone());
    }
    found
}

/// Panics unless they are the same but for the way that the call came.
pub(crate) fn assert_same_records(by_grpc: &[Value], by_http: &[Value]) {
    assert!(!by_grpc.is_empty());
    let bare = |records: &[Value]| -> Vec<Value> { records.iter().map(bare).collect() };
    assert_eq!(bare(by_grpc), bare(by_http));
    for (by_grpc, by_http) in by_grpc.iter().zip(by_http) {
        assert!(by_grpc["via"].is_null(), "{by_grpc}");
        assert_eq!(by_http["via"], "REST", "{by_http}");
    }
}

/// What of it is the call's.
pub(crate) fn bare(record: &Value) -> Value {
    let mut record = record.clone();
    for own in OWN {
        record.as_object_mut().unwrap().remove(own);
    }
    record
}
