//! What a value may be, beyond its type.

use std::{fmt::Display, ops::RangeInclusive};

/// `Err`: a sentence that names the key.
pub(crate) type Checked = Result<(), String>;

pub(crate) fn within<T: PartialOrd + Display>(
    key: &str,
    value: T,
    range: RangeInclusive<T>,
) -> Checked {
    // Not `<` and `>`: a NaN is in no range.
    if range.contains(&value) {
        return Ok(());
    }
    let (least, most) = range.into_inner();
    Err(format!(
        "settings: {key} must be from {least} to {most}, not {value}"
    ))
}

pub(crate) fn not_blank(key: &str, value: &str) -> Checked {
    if value.trim().is_empty() {
        return Err(format!("settings: {key} must not be blank"));
    }
    Ok(())
}
