//! What is good for one call, and was not spent yet.
//!
//! A proof, and an evidence that no voucher names, are verified first and spent last. In between is the rest of the decision,
//! which may wait: what ended meanwhile is not taken, for the register may have forgotten who used it first.

use super::sha256::Sha256Digest;

/// What a call presented that is good for one call. To be spent before the call is let in.
#[derive(Debug, Default)]
#[must_use = "a call that is let in without spending it could be made again"]
pub struct OneTimeUse {
    pub(super) proof: Option<UseMark>,
    pub(super) evidence: Option<UseMark>,
}

/// One use.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct UseMark {
    /// What names it.
    pub(super) digest: Sha256Digest,
    /// From when on it is not taken any more, in seconds since 1970.
    pub(super) expires_at: i64,
}

impl UseMark {
    /// For how long from now its use is to be remembered: a little longer than it could be taken. `None`: it is over.
    pub(super) fn seconds_to_keep(&self, now: i64) -> Option<i64> {
        let left = self.expires_at.saturating_sub(now);
        (left >= 0).then(|| left.saturating_add(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_over_is_not_spent() {
        let use_mark = UseMark {
            digest: [0; 32],
            expires_at: 100,
        };
        assert_eq!(use_mark.seconds_to_keep(40), Some(61));
        assert_eq!(use_mark.seconds_to_keep(100), Some(1));
        assert_eq!(use_mark.seconds_to_keep(101), None);
        assert_eq!(use_mark.seconds_to_keep(i64::MAX), None);
    }
}
