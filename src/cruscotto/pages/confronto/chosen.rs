//! Which two rilevazioni are compared.

use super::super::selection::numbered;
use crate::{contract::proto::Rilevazione, cruscotto::query::Query};

/// The two that a query says, or that stand for what it leaves open.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum ChosenPair {
    /// Different ones, as the contract has them: `da`, and `a`, where 0 is the latest.
    Two(i32, i32),
    /// The same one twice.
    Same,
    /// There are not two.
    TooFew,
}

impl ChosenPair {
    /// `offered`: newest first. Without `a` it is the latest; without `da`, the one before it. Neither is one that was withdrawn.
    pub(super) fn of(query: &Query, offered: &[Rilevazione]) -> Self {
        let mut valid = offered.iter().filter(|one| one.ritirata_il.is_none());
        let latest = valid.next().map(|one| one.numero);
        let a = numbered(query, "a");
        let after = a.or(latest);
        let before = numbered(query, "da").or_else(|| {
            let mut all = offered.iter();
            let found = all.find(|one| one.ritirata_il.is_none() && Some(one.numero) < after);
            found.map(|one| one.numero)
        });
        match before {
            None => Self::TooFew,
            Some(before) if Some(before) == after => Self::Same,
            Some(before) => Self::Two(before, a.unwrap_or(0)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_open_is_the_latest_and_the_one_before() {
        let offered =
            [(4, true), (3, false), (2, true), (1, false)].map(|(numero, withdrawn)| Rilevazione {
                numero,
                ritirata_il: withdrawn.then(Default::default),
                ..Rilevazione::default()
            });
        for (query, chosen) in [
            ("", ChosenPair::Two(1, 0)),
            ("a=4", ChosenPair::Two(3, 4)),
            ("a=1", ChosenPair::TooFew),
            ("da=2", ChosenPair::Two(2, 0)),
            ("da=3", ChosenPair::Same),
            ("da=2&a=2", ChosenPair::Same),
            ("da=x&a=1", ChosenPair::Two(-1, 1)),
        ] {
            assert_eq!(ChosenPair::of(&Query::parse(query), &offered), chosen);
        }
        assert_eq!(ChosenPair::of(&Query::default(), &[]), ChosenPair::TooFew);
    }
}
