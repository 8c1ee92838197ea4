//! Answers that were really given, as examples. A test asks for them again.

use serde_json::Value;

/// By operation, and problems by their status.
const EXAMPLES: &str = include_str!("examples.json");

/// The answer of an operation.
pub(super) fn of_operation(id: &str) -> Option<Value> {
    of(id)
}

/// A refusal.
pub(super) fn of_problem(status: u16) -> Option<Value> {
    of(&format!("problem_{status}"))
}

fn of(name: &str) -> Option<Value> {
    let all: Value = serde_json::from_str(EXAMPLES).ok()?;
    all.get(name).cloned()
}
