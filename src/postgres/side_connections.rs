//! The connections beside those of the calls.

/// Connections beside those of the calls, which calls that hold all of theirs do not keep waiting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SideConnections {
    /// To listen for the steps of grants, and to read the grants: two.
    Abilitazioni,
    /// To read which rilevazione is the latest: one.
    Rilevazioni,
    /// To count the calls of the day: one, which may write.
    Quote,
    /// To note which proofs were used: four, which may write, for each commits by itself.
    Proofs,
    /// To find who has signed in: two, which may write.
    Sessions,
}

impl SideConnections {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Abilitazioni => "omnia-grants",
            Self::Rilevazioni => "omnia-data",
            Self::Quote => "omnia-quotas",
            Self::Proofs => "omnia-proofs",
            Self::Sessions => "omnia-sessions",
        }
    }

    pub(super) fn writes(self) -> bool {
        matches!(self, Self::Quote | Self::Proofs | Self::Sessions)
    }

    pub(super) fn connections(self) -> u32 {
        match self {
            Self::Abilitazioni | Self::Sessions => 2,
            Self::Rilevazioni | Self::Quote => 1,
            Self::Proofs => 4,
        }
    }

    /// Whether its readers ask a few times a second, whatever the calls do.
    pub(super) fn watches(self) -> bool {
        matches!(self, Self::Abilitazioni | Self::Rilevazioni)
    }
}
