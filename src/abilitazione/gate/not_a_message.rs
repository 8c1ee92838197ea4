//! What of a request in HTTP is no call.

use crate::error::Error;

/// Why a request in HTTP is not the message of a call. It stands in the extensions of a call without a message, which goes the way of all
/// calls: the gate says this once it knows who asks. So a stranger learns nothing by it, it counts for the quotas, and a record is left.
#[derive(Debug, Clone)]
pub struct NotAMessage(pub Error);
