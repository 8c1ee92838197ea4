//! What each norm spends in each year of the invented world, from the real caps.

/// The year that is not over yet.
pub(super) const CURRENT: i32 = 2026;

/// How a norm behaves in the invented world.
struct NormProfile {
    normativa: &'static str,
    /// Its share of the decrees, in thousandths.
    weight: u64,
    /// What it grants of its caps, in thousandths.
    used: u64,
    codifiche: &'static [&'static str],
}

const fn norm_profile(
    normativa: &'static str,
    weight: u64,
    used: u64,
    codifiche: &'static [&'static str],
) -> NormProfile {
    NormProfile {
        normativa,
        weight,
        used,
        codifiche,
    }
}

/// Two norms are overdrawn, one is exhausted, some are half used; the shares are skewed.
const NORM_PROFILES: [NormProfile; 10] = [
    norm_profile("DL109-2018-ART44", 170, 880, &["333-145", "333-146"]),
    norm_profile(
        "DLGS148-2015-ART22BIS",
        370,
        520,
        &["333-130", "333-131", "333-132"],
    ),
    norm_profile("DLGS148-2015-ART22TER", 70, 1_000, &["333-170"]),
    norm_profile("DLGS148-2015-ART44C7", 50, 1_180, &["335-150"]),
    norm_profile(
        "DLGS148-2015-ART44C11BIS",
        150,
        960,
        &["333-155", "333-156"],
    ),
    norm_profile(
        "DLGS148-2015-ART44C11TER",
        140,
        710,
        &["333-160", "333-161"],
    ),
    norm_profile("DL243-2016-ART1BIS", 8, 1_000, &["336-120"]),
    norm_profile("DLGS72-2018-ART1", 4, 350, &["333-180"]),
    norm_profile("DL48-2023-ART30", 24, 1_120, &["333-190"]),
    norm_profile("DL75-2023-ART42", 14, 490, &["337-110"]),
];

/// The norm without a cap grants something all the same: cents a year.
const WITHOUT_CAP: &str = "DLGS148-2015-ART22TER";
const WITHOUT_CAP_YEARS: std::ops::RangeInclusive<i32> = 2022..=2026;
const WITHOUT_CAP_CENTS: u64 = 1_500_000_000;

/// A norm in a year.
#[derive(Debug)]
pub(super) struct NormYear {
    pub(super) normativa: &'static str,
    pub(super) codifiche: &'static [&'static str],
    pub(super) year: i32,
    /// What the first extract grants, in cents.
    pub(super) spending: u64,
    /// Its share of the decrees. Only the proportions matter.
    pub(super) weight: u64,
}

/// The norms and years of `stanziamenti`, the text of a file without quotes: `normativa,prestazione,anno,importo`.
pub(super) fn norm_years(stanziamenti: &str) -> Vec<NormYear> {
    let mut caps: Vec<(&str, i32, u64)> = stanziamenti.lines().skip(1).filter_map(cap).collect();
    caps.extend(WITHOUT_CAP_YEARS.map(|anno| (WITHOUT_CAP, anno, WITHOUT_CAP_CENTS)));
    let mut voci = Vec::with_capacity(caps.len());
    for profilo in &NORM_PROFILES {
        let own = || caps.iter().filter(|(norm, ..)| *norm == profilo.normativa);
        let all: u64 = own().map(|(_, _, cents)| cents).sum();
        for (_, anno, cents) in own() {
            // Of the year that is not over, two thirds.
            let thirds = if *anno == CURRENT { 2 } else { 3 };
            voci.push(NormYear {
                normativa: profilo.normativa,
                codifiche: profilo.codifiche,
                year: *anno,
                spending: cents / 1_000 * profilo.used * thirds / 3,
                weight: profilo.weight * 1_000 * (cents / 1_000) / (all / 1_000),
            });
        }
    }
    voci
}

fn cap(line: &str) -> Option<(&str, i32, u64)> {
    let mut fields = line.split(',');
    let (normativa, _, anno, importo) = (
        fields.next()?,
        fields.next()?,
        fields.next()?,
        fields.next()?,
    );
    Some((
        normativa,
        anno.parse().ok()?,
        importo.replace('.', "").parse().ok()?,
    ))
}

#[cfg(test)]
mod tests {
    use super::{
        super::tables::{NORMATIVE, STANZIAMENTI},
        *,
    };

    #[test]
    fn every_cap_and_every_norm_is_there() {
        let (caps, norms) = (STANZIAMENTI, NORMATIVE);
        let voci = norm_years(caps);
        assert_eq!(voci.len(), caps.lines().count() - 1 + 5);
        for line in norms.lines().skip(1) {
            let (code, _) = line.split_once(',').unwrap();
            assert!(voci.iter().any(|v| v.normativa == code), "{code}");
        }
        assert!(
            voci.iter().all(|v| v.spending > 0 && v.weight > 0),
            "{voci:?}"
        );
        let first = &voci[0];
        // 50 million euro, of which 88 %.
        assert_eq!((first.year, first.spending), (2023, 4_400_000_000));
    }
}
