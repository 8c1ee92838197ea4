//! Euro as a person types them.
//!
//! Italians write `1.234.567,80`; what is copied from a file is often `1234567.80`. Both are taken. A point before three digits parts thousands,
//! as Italians have it, so that `1.234` is more than a thousand and never a little more than one.

/// What is typed, as the contract has it: `"1234567.80"`. `None`: it is no amount.
pub(super) fn typed_euro(typed: &str) -> Option<String> {
    let bare: String = typed
        .chars()
        .filter(|letter| !letter.is_whitespace() && *letter != '€')
        .collect();
    let (whole, cents) = match bare.split_once(',') {
        Some((whole, cents)) => (ungrouped(whole)?, cents),
        None => match ungrouped(&bare) {
            Some(whole) => (whole, ""),
            // One point that parts no thousands parts the cents.
            None => bare
                .split_once('.')
                .map(|(whole, cents)| (whole.to_owned(), cents))?,
        },
    };
    let is_amount = !whole.is_empty() && is_digits(&whole) && is_digits(cents) && cents.len() <= 2;
    is_amount.then(|| {
        let significant = whole.trim_start_matches('0');
        let significant = if significant.is_empty() {
            "0"
        } else {
            significant
        };
        format!("{significant}.{cents:0<2}")
    })
}

/// A whole number without the points between its thousands. `None`: they stand elsewhere.
fn ungrouped(text: &str) -> Option<String> {
    let mut groups = text.split('.');
    let first = groups.next()?;
    let rest: Vec<&str> = groups.collect();
    if rest.is_empty() {
        return Some(first.to_owned());
    }
    let is_grouped = (1..=3).contains(&first.len())
        && !first.starts_with('0')
        && rest.iter().all(|group| group.len() == 3);
    is_grouped.then(|| text.replace('.', ""))
}

fn is_digits(text: &str) -> bool {
    text.bytes().all(|letter| letter.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn italian_writing_and_that_of_files_are_taken() {
        for (typed, amount) in [
            ("1.234.567,80", "1234567.80"),
            ("1234567,8", "1234567.80"),
            ("1234567.80", "1234567.80"),
            ("1234567", "1234567.00"),
            ("1.234", "1234.00"),
            ("1.234.567", "1234567.00"),
            ("12.5", "12.50"),
            (" 1 234,50 € ", "1234.50"),
            ("5,", "5.00"),
            ("007,10", "7.10"),
            ("0,05", "0.05"),
            ("0", "0.00"),
        ] {
            assert_eq!(typed_euro(typed).as_deref(), Some(amount), "{typed}");
        }
    }

    #[test]
    fn what_could_mean_two_amounts_is_none() {
        for typed in [
            "",
            "€",
            ",50",
            "-5",
            "1,234.50",
            "1,234,567",
            "1,234",
            "1234.567",
            "12.34.567",
            "0.123",
            "1..2",
            "1e6",
            "mille",
        ] {
            assert_eq!(typed_euro(typed), None, "{typed}");
        }
    }
}
