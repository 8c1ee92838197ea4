//! The steps of a course: whole months, quarters or years.

use crate::valori::Month;

/// How long a step is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Passo {
    /// A month.
    Mese,
    /// A quarter of the calendar.
    Trimestre,
    /// A year.
    Anno,
}

impl Passo {
    /// How many months it has.
    #[must_use]
    pub const fn months(self) -> i32 {
        match self {
            Self::Mese => 1,
            Self::Trimestre => 3,
            Self::Anno => 12,
        }
    }

    /// The first month of the step that a month is in.
    #[must_use]
    pub const fn first(self, month: Month) -> Month {
        month.plus(-(month.month0() % self.months()))
    }

    /// The last month of that step.
    #[must_use]
    pub const fn last(self, month: Month) -> Month {
        self.first(month).plus(self.months() - 1)
    }
}

/// Steps that follow each other: from the first month of one to the last of another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Steps {
    passo: Passo,
    first: Month,
    count: i32,
}

impl Steps {
    /// The steps that these months are in. None, where `to` comes before.
    #[must_use]
    pub(super) fn new(passo: Passo, from: Month, to: Month) -> Self {
        let first = passo.first(from);
        let months = passo.last(to).since(first) + 1;
        Self {
            passo,
            first,
            count: (months / passo.months()).max(0),
        }
    }

    /// None at all.
    #[must_use]
    pub(super) fn none(passo: Passo) -> Self {
        let first = Month::january(1);
        Self {
            passo,
            first,
            count: 0,
        }
    }

    /// How many there are.
    #[must_use]
    pub(super) fn count(self) -> usize {
        // Not negative.
        usize::try_from(self.count).unwrap_or_default()
    }

    /// The first month and the last of all of them; `None`: there are none.
    #[must_use]
    pub(super) fn window(self) -> Option<(Month, Month)> {
        let months = self.count * self.passo.months();
        (months > 0).then(|| (self.first, self.first.plus(months - 1)))
    }

    /// The first month and the last of each.
    pub(super) fn iter(self) -> impl Iterator<Item = (Month, Month)> {
        let length = self.passo.months();
        (0..self.count).map(move |n| {
            let first = self.first.plus(n * length);
            (first, first.plus(length - 1))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn month(text: &str) -> Month {
        Month::parse(text).unwrap()
    }

    fn texts(passo: Passo, from: &str, to: &str) -> Vec<String> {
        let steps = Steps::new(passo, month(from), month(to));
        assert_eq!(steps.iter().count(), steps.count());
        steps.iter().map(|(a, b)| format!("{a}..{b}")).collect()
    }

    #[test]
    fn steps_are_whole() {
        assert_eq!(
            texts(Passo::Mese, "2023-12", "2024-01"),
            ["2023-12..2023-12", "2024-01..2024-01"]
        );
        assert_eq!(
            texts(Passo::Trimestre, "2023-12", "2024-01"),
            ["2023-10..2023-12", "2024-01..2024-03"]
        );
        assert_eq!(
            texts(Passo::Anno, "2023-12", "2024-01"),
            ["2023-01..2023-12", "2024-01..2024-12"]
        );
        assert_eq!(texts(Passo::Anno, "2024-01", "2023-12"), [""; 0]);
        let window = Steps::new(Passo::Trimestre, month("2023-12"), month("2024-01")).window();
        assert_eq!(window, Some((month("2023-10"), month("2024-03"))));
        assert_eq!(Steps::none(Passo::Mese).window(), None);
    }
}
