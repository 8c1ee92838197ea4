//! What a projection is asked for, parsed.

use chrono::NaiveDate;

use super::pair::Pair;
use crate::{
    contract::proto,
    error::Violations,
    valori::{Year, parse_date},
};

/// A norm, a benefit, the year of a cap, and until when decrees are expected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ProjectionRequest {
    pub(super) pair: Pair,
    pub(super) year: i32,
    /// `None`: all that are yet to come.
    pub(super) until: Option<NaiveDate>,
}

impl ProjectionRequest {
    /// Reads the fields `normativa`, `prestazione`, `anno` and `fino_al`. `None`: something is wrong with them, and noted.
    pub(super) fn parse(
        violations: &mut Violations,
        request: &proto::GetProiezioneRequest,
    ) -> Option<Self> {
        let pair = Pair::parse(violations, &request.normativa, &request.prestazione);
        let year = violations.check("anno", Year::parse(&request.anno.to_string()));
        let until = match request.fino_al.as_str() {
            "" => Some(None),
            text => violations.check("fino_al", parse_date(text)).map(Some),
        };
        Some(Self {
            pair: pair?,
            year: year?.get(),
            until: until?,
        })
    }
}
