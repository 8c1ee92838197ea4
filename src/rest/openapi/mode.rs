//! Which resources a document has.

use crate::rest::table::Resource;

/// Which of the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Reports, decrees, figures over time, one's own access.
    Reads,
    /// The grants: their steps, and what one reads before a step.
    Writes,
}

impl Mode {
    /// Those of the grants write.
    pub(super) fn has(self, resource: &Resource) -> bool {
        let grants = resource.call.parent_service().name() == "GrantService";
        grants == (self == Self::Writes)
    }
}
