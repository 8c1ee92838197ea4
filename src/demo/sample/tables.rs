//! The catalogues and the caps, as files of this folder.

pub(super) const NORMATIVE: &str = include_str!("normative.csv");
pub(super) const PRESTAZIONI: &str = include_str!("prestazioni.csv");
pub(super) const STANZIAMENTI: &str = include_str!("stanziamenti.csv");

/// A line of the caps: norm, year and cents.
pub(super) fn cap(line: &str) -> Option<(&str, i32, u64)> {
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
