//! How much of a cap is used: one bar, as long as the cap or what goes beyond it.
//!
//! ```text
//! |████████████████▒▒▒▒▒▒▒▒▒        |        paid, authorised, the cap at the right end
//! |██████████▒▒▒▒▒▒▒▒▒▒▒▒▒|////////|         authorised beyond the cap: the cap is the line inside
//! ```

use rust_decimal::Decimal;

use crate::cruscotto::format::{percentage, permille};

/// A bar, in thousandths of its width.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::cruscotto) struct Bar {
    pub(in crate::cruscotto) cap: i64,
    pub(in crate::cruscotto) authorised: i64,
    pub(in crate::cruscotto) paid: i64,
    /// What is authorised beyond the cap: how wide.
    pub(in crate::cruscotto) over: i64,
    /// The same in words.
    pub(in crate::cruscotto) text: String,
}

impl Bar {
    /// Of a cap. `None`: there is none, or a figure is not seen.
    pub(in crate::cruscotto) fn new(cap: &str, authorised: &str, paid: &str) -> Option<Self> {
        let parse = |text: &str| text.parse::<Decimal>().ok();
        let (cap, authorised, paid) = (parse(cap)?, parse(authorised)?, parse(paid)?);
        let whole = cap.max(authorised).max(paid);
        let part = |of, whole| permille(of, whole).unwrap_or(0);
        let text = if cap.is_zero() {
            match authorised.is_zero() {
                true => "Stanziamento di zero euro, nulla è autorizzato".to_owned(),
                false => "Oltre lo stanziamento, che è di zero euro".to_owned(),
            }
        } else {
            let beyond = match authorised > cap {
                true => ": oltre lo stanziamento",
                false => "",
            };
            format!(
                "Autorizzato {} dello stanziamento{beyond}; erogato {}",
                percentage(part(authorised, cap)),
                percentage(part(paid, cap)),
            )
        };
        let (cap_at, authorised_at) = (part(cap, whole), part(authorised, whole));
        Some(Self {
            cap: cap_at,
            authorised: authorised_at.min(cap_at),
            paid: part(paid, whole),
            over: (authorised_at - cap_at).max(0),
            text,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_beyond_the_cap_is_told_apart() {
        let bar = Bar::new("300.00", "150.00", "75.00").unwrap();
        assert_eq!(
            (bar.cap, bar.authorised, bar.paid, bar.over),
            (1000, 500, 250, 0)
        );
        let bar = Bar::new("100.00", "200.00", "100.00").unwrap();
        assert_eq!(
            (bar.cap, bar.authorised, bar.paid, bar.over),
            (500, 500, 500, 500)
        );
        assert!(bar.text.contains("oltre"), "{}", bar.text);
        let bar = Bar::new("0.00", "0.00", "0.00").unwrap();
        assert_eq!((bar.cap, bar.authorised, bar.over), (0, 0, 0));
        let bar = Bar::new("0.00", "5.00", "0.00").unwrap();
        assert_eq!((bar.cap, bar.authorised, bar.over), (0, 0, 1000));
        assert_eq!(Bar::new("", "1.00", "1.00"), None);
    }
}
