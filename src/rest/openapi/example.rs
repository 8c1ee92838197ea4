//! Examples: what is asked, and answers that were really given. A test asks for them again.

use serde_json::Value;

/// By operation, and problems by their status.
const ANSWERS: &str = include_str!("examples.json");
/// Parameters by name, bodies by operation.
const QUESTIONS: &str = include_str!("questions.json");

/// The answer of an operation.
pub(super) fn of_operation(id: &str) -> Option<Value> {
    of(ANSWERS, &[id])
}

/// A refusal.
pub(super) fn of_problem(status: u16) -> Option<Value> {
    of(ANSWERS, &[&format!("problem_{status}")])
}

/// What a parameter may be.
pub(super) fn of_parameter(name: &str) -> Option<Value> {
    of(QUESTIONS, &["parameters", name])
}

/// The body of a request.
pub(super) fn of_body(id: &str) -> Option<Value> {
    of(QUESTIONS, &["bodies", id])
}

fn of(examples: &str, place: &[&str]) -> Option<Value> {
    let all: Value = serde_json::from_str(examples).ok()?;
    let found = place.iter().try_fold(&all, |value, name| value.get(name));
    found.cloned()
}
