//! The transactions of the life cycle.

/// How a transaction of the life cycle begins: the connections of the calls do not write otherwise, and what is read after
/// the lock must be what stands then.
pub(super) const BEGIN_READ_WRITE: &str = "begin isolation level read committed read write";
