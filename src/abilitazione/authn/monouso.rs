//! What is good for one call, and was not spent yet.
//!
//! A proof, and an evidence that no voucher names, are verified first and spent last. In between is the rest of the decision,
//! which may wait: what ended meanwhile is not taken, for the register may have forgotten who used it first.

use super::impronta::Impronta;

/// What a call presented that is good for one call. To be spent before the call is let in.
#[derive(Debug)]
#[must_use = "a call that is let in without spending it could be made again"]
pub struct Monouso {
    pub(super) prova: Option<Uso>,
    pub(super) evidenza: Option<Uso>,
}

/// One use.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Uso {
    /// What names it.
    pub(super) impronta: Impronta,
    /// From when on it is not taken any more, in seconds since 1970.
    pub(super) scade: i64,
}

impl Uso {
    /// For how long from now its use is to be remembered: a little longer than it could be taken. `None`: it is over.
    pub(super) fn secondi(&self, now: i64) -> Option<i64> {
        let left = self.scade.saturating_sub(now);
        (left >= 0).then(|| left.saturating_add(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_over_is_not_spent() {
        let uso = Uso {
            impronta: [0; 32],
            scade: 100,
        };
        assert_eq!(uso.secondi(40), Some(61));
        assert_eq!(uso.secondi(100), Some(1));
        assert_eq!(uso.secondi(101), None);
        assert_eq!(uso.secondi(i64::MAX), None);
    }
}
