//! The months of the invented world.

use chrono::NaiveDate;

use crate::valori::Month;

/// The last year with caps of its own.
pub(super) const CURRENT_YEAR: i32 = 2026;
/// No decree is older: it is the first year with a cap.
pub(super) const FIRST_MONTH: Month = Month::january(2018);
/// That of the first extract, so that the twelfth is as of the end of August 2026.
const FIRST_EXTRACT: Month = Month::january(CURRENT_YEAR).plus(-4);

/// The month at whose end the k-th extract is made.
pub(super) fn month_of_extract(k: u32) -> Month {
    FIRST_EXTRACT.plus(k.cast_signed() - 1)
}

/// The day as of which the k-th extract is made.
pub(super) fn data_riferimento(k: u32) -> NaiveDate {
    month_of_extract(k).last_day()
}

/// The first extract that has the decrees of a month.
pub(super) fn first_extract_of(month: Month) -> u32 {
    1 + month.since(FIRST_EXTRACT).max(0).unsigned_abs()
}

/// The number of a month, from 0.
pub(super) fn month_number(month: Month) -> u64 {
    u64::from(month.since(FIRST_MONTH).unsigned_abs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_twelfth_extract_is_as_of_the_end_of_august() {
        let days = [1, 2, 6, 12, 120].map(|k| data_riferimento(k).to_string());
        assert_eq!(
            days,
            [
                "2025-09-30",
                "2025-10-31",
                "2026-02-28",
                "2026-08-31",
                "2035-08-31"
            ]
        );
        for k in 1..=120 {
            assert_eq!(first_extract_of(month_of_extract(k)), k);
        }
        assert_eq!(first_extract_of(FIRST_MONTH), 1);
    }
}
