//! The rows of the detail as Postgres gives them: many at a time ([`page`]), each of eleven texts ([`row`]), ordered by a key
//! ([`cursor`]); and what rows add up to ([`sums`]).

pub mod cursor;
pub mod page;
pub mod row;
pub mod sums;
