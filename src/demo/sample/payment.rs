//! What of a row is paid by when.
//!
//! In the invented world a quarter of the validity is paid once it is over and decreed, and some months later. A decree of May with
//! validity from January to June, and a delay of two months:
//!
//! | quarter | over | decreed and over | paid |
//! | --- | --- | --- | --- |
//! | January to March | March | May | July |
//! | April to June | June | June | August |

use chrono::{Days, NaiveDate};

use super::draw::SeededDraw;
use crate::valori::Month;

/// Months of validity that are paid at once.
const TOGETHER: u32 = 3;

/// How a row is paid.
#[derive(Debug, Clone, Copy)]
pub(super) struct Payment {
    /// What is paid of it in the end, in hundredths.
    share: u64,
    /// Months.
    delay: i32,
}

impl Payment {
    pub(super) fn draw(draw: &mut SeededDraw) -> Self {
        let share = match draw.below(400) {
            // A little too much, as happens.
            0 => 102,
            1..28 => 0,
            28..240 => 100,
            _ => 80 + draw.below(20),
        };
        Self {
            share,
            // From none to four, most often two.
            delay: (draw.below(3) + draw.below(3)) as i32,
        }
    }

    /// Whether nothing will ever be paid.
    pub(super) fn never(self) -> bool {
        self.share == 0
    }

    /// Cents that are paid of so many by the end of a month: of a decree of another, with validity from a day for so many months.
    pub(super) fn of(
        self,
        cents: u64,
        decreed: Month,
        (dal, months): (NaiveDate, u32),
        by: Month,
    ) -> u64 {
        // The last month before the validity: that of the last day of n months of it is n later.
        let before = Month::of(dal - Days::new(1));
        let quarters = months.div_ceil(TOGETHER);
        let due = (1..=quarters).filter(|quarter| {
            let over = before.plus((quarter * TOGETHER).min(months).cast_signed());
            over.max(decreed).plus(self.delay) <= by
        });
        cents * self.share * due.count() as u64 / (100 * u64::from(quarters.max(1)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::valori::parse_date;

    #[test]
    fn the_example_of_the_module() {
        let month = |text: &str| Month::parse(text).unwrap();
        let payment = Payment {
            share: 90,
            delay: 2,
        };
        let paid = |dal: &str, months: u32, by: &str| {
            let validity = (parse_date(dal).unwrap(), months);
            payment.of(1_000, month("2026-05"), validity, month(by))
        };
        let by = ["2026-06", "2026-07", "2026-08", "2027-12"];
        assert_eq!(by.map(|by| paid("2026-01-01", 6, by)), [0, 450, 900, 900]);
        // From the second of the month on each quarter is over a month later; and the last may be short.
        assert_eq!(by.map(|by| paid("2026-01-02", 5, by)), [0, 450, 900, 900]);
        assert_eq!(by.map(|by| paid("2026-04-02", 3, by)), [0, 0, 0, 900]);
    }
}
