//! What the decrees of each month grant under each norm, from the real caps.

use super::{
    calendar::{CURRENT_YEAR, FIRST_MONTH},
    tables::cap,
};
use crate::valori::Month;

/// Which part of a year the decrees of each month are, from January, in thousandths.
type Season = [u64; 12];

/// Few in August, most before the year ends.
const USUAL: Season = [70, 80, 90, 85, 85, 90, 95, 45, 80, 90, 90, 100];
/// Most in the first half of the year.
const EARLY: Season = [130, 130, 130, 110, 100, 90, 80, 30, 50, 50, 50, 50];

/// How a norm behaves in the invented world.
struct NormProfile {
    normativa: &'static str,
    /// Its share of the rows, in thousandths.
    weight: u64,
    /// What the decrees of a year grant of its cap, in thousandths: of a year that is over, and of the current one.
    used: [u64; 2],
    season: Season,
    codifiche: &'static [&'static str],
}

const fn norm_profile(
    normativa: &'static str,
    weight: u64,
    used: [u64; 2],
    season: Season,
    codifiche: &'static [&'static str],
) -> NormProfile {
    NormProfile {
        normativa,
        weight,
        used,
        season,
        codifiche,
    }
}

/// By the end of August 2026 the cap of the call centers (article 44, comma 7) is reached, and that of DL109-2018-ART44 will be by the end
/// of the year. The others hold. The shares are skewed.
const NORM_PROFILES: [NormProfile; 10] = [
    norm_profile(
        "DL109-2018-ART44",
        170,
        [1_000, 1_200],
        USUAL,
        &["333-145", "333-146"],
    ),
    norm_profile(
        "DLGS148-2015-ART22BIS",
        370,
        [520, 560],
        USUAL,
        &["333-130", "333-131", "333-132"],
    ),
    norm_profile(
        "DLGS148-2015-ART22TER",
        70,
        [1_000, 1_000],
        USUAL,
        &["333-170"],
    ),
    norm_profile(
        "DLGS148-2015-ART44C7",
        50,
        [1_050, 1_550],
        EARLY,
        &["335-150"],
    ),
    norm_profile(
        "DLGS148-2015-ART44C11BIS",
        150,
        [900, 950],
        USUAL,
        &["333-155", "333-156"],
    ),
    norm_profile(
        "DLGS148-2015-ART44C11TER",
        140,
        [710, 0],
        USUAL,
        &["333-160", "333-161"],
    ),
    norm_profile("DL243-2016-ART1BIS", 8, [1_000, 0], USUAL, &["336-120"]),
    norm_profile("DLGS72-2018-ART1", 4, [350, 350], USUAL, &["333-180"]),
    norm_profile("DL48-2023-ART30", 24, [1_050, 0], USUAL, &["333-190"]),
    norm_profile("DL75-2023-ART42", 14, [490, 490], USUAL, &["337-110"]),
];

/// The norm without a cap grants something all the same: cents a year.
const WITHOUT_CAP: &str = "DLGS148-2015-ART22TER";
const WITHOUT_CAP_YEARS: std::ops::RangeInclusive<i32> = 2022..=CURRENT_YEAR;
const WITHOUT_CAP_CENTS: u64 = 1_500_000_000;

/// The decrees of a norm, month by month.
#[derive(Debug)]
pub(super) struct NormFlow {
    pub(super) normativa: &'static str,
    pub(super) codifiche: &'static [&'static str],
    season: Season,
    years: Vec<YearFlow>,
}

/// The decrees of a year.
#[derive(Debug)]
struct YearFlow {
    year: i32,
    flow: Flow,
}

/// What decrees of a year, or of a month, are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Flow {
    /// What they grant, in cents.
    pub(super) spending: u64,
    /// Their share of the rows. Only the proportions matter.
    pub(super) weight: u64,
}

impl NormFlow {
    /// The decrees of a month. What comes after the current year is as the current year was.
    pub(super) fn month(&self, month: Month) -> Flow {
        let year = month.year().min(CURRENT_YEAR);
        let of_year = self.years.iter().find(|y| y.year == year);
        let flow = of_year.map(|y| y.flow).unwrap_or_default();
        // From 0 to 11.
        let season = self.season[month.month0().unsigned_abs() as usize];
        Flow {
            spending: flow.spending / 1_000 * season,
            weight: flow.weight * season,
        }
    }

    /// Months with decrees, and what they are.
    pub(super) fn months(&self, last: Month) -> impl Iterator<Item = (Month, Flow)> {
        let months = (0..=last.since(FIRST_MONTH)).map(|n| FIRST_MONTH.plus(n));
        months
            .map(|month| (month, self.month(month)))
            .filter(|(_, flow)| flow.weight > 0)
    }
}

/// The norms of `stanziamenti`, the text of a file without quotes: `normativa,prestazione,anno,importo`.
pub(super) fn norm_flows(stanziamenti: &str) -> Vec<NormFlow> {
    let mut caps: Vec<(&str, i32, u64)> = stanziamenti.lines().skip(1).filter_map(cap).collect();
    caps.extend(WITHOUT_CAP_YEARS.map(|year| (WITHOUT_CAP, year, WITHOUT_CAP_CENTS)));
    let norm_flow = |profile: &NormProfile| {
        let own = || caps.iter().filter(|(norm, ..)| *norm == profile.normativa);
        let all: u64 = own().map(|(_, _, cents)| cents).sum();
        let years = own().map(|(_, year, cents)| YearFlow {
            year: *year,
            flow: Flow {
                spending: cents / 1_000 * profile.used[usize::from(*year == CURRENT_YEAR)],
                weight: profile.weight * 1_000 * (cents / 1_000) / (all / 1_000),
            },
        });
        NormFlow {
            normativa: profile.normativa,
            codifiche: profile.codifiche,
            season: profile.season,
            years: years.collect(),
        }
    };
    NORM_PROFILES.iter().map(norm_flow).collect()
}

#[cfg(test)]
mod tests {
    use super::{
        super::tables::{NORMATIVE, STANZIAMENTI},
        *,
    };

    #[test]
    fn every_cap_and_every_norm_is_there() {
        let flows = norm_flows(STANZIAMENTI);
        let years = flows.iter().flat_map(|norm| &norm.years);
        assert!(
            years
                .clone()
                .all(|y| y.flow.spending > 0 && y.flow.weight > 0),
            "{flows:?}"
        );
        assert_eq!(years.count(), STANZIAMENTI.lines().count() - 1 + 5);
        for line in NORMATIVE.lines().skip(1) {
            let (code, _) = line.split_once(',').unwrap();
            assert!(flows.iter().any(|norm| norm.normativa == code), "{code}");
        }
    }

    #[test]
    fn the_months_of_a_year_add_up_to_it() {
        for season in [USUAL, EARLY] {
            assert_eq!(season.iter().sum::<u64>(), 1_000);
        }
        let flows = norm_flows(STANZIAMENTI);
        let year = |year: i32| -> u64 {
            let months = (0..12).map(|n| Month::january(year).plus(n));
            months.map(|month| flows[0].month(month).spending).sum()
        };
        // 50 million euro, all of it; nothing before the first cap, and the current year for ever.
        assert_eq!(year(2023), 5_000_000_000);
        assert_eq!((year(2022), year(2035)), (0, year(2026)));
        let (first, _) = flows[0].months(Month::january(2024)).next().unwrap();
        assert_eq!(first, Month::january(2023));
    }
}
