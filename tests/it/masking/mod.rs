//! A value that a caller sees masked cannot be learnt by another way.
//!
//! | way | test |
//! | --- | --- |
//! | what leaves Postgres | [`wire_tap`]: the bytes between the server and its database |
//! | filter | [`filters`]: to ask by a natural person is refused alike for every person |
//! | a provisional code | [`provisional`]: of eleven digits, masked as the others on every way |
//! | order of the rows | [`order`]: rows of one decree stand as chance has it |
//! | page and resume tokens, counts, figures, error texts | [`other_world`]: two worlds that differ only in who the persons are give the same answers |

mod filters;
mod order;
mod other_world;
mod provisional;
mod wire_tap;

use std::sync::OnceLock;

use omnia::valori::CodiceFiscale;

/// The profiles that see natural persons masked.
const MASKED_PROFILES: [&str; 2] = ["mlps-consultazione", "mef-rgs"];

/// Natural persons, in the order of their codes.
fn persons() -> &'static [&'static str] {
    static PERSONS: OnceLock<Vec<&'static str>> = OnceLock::new();
    PERSONS.get_or_init(|| {
        let mut persons: Vec<&'static str> = (b'A'..=b'Z')
            .flat_map(|a| [b'F', b'T'].map(|b| [a, b]))
            .map(|two| {
                let [a, b] = two.map(char::from);
                let body = format!("{a}{b}BMRA80A01H501");
                let whole = ('A'..='Z').map(|check| format!("{body}{check}"));
                let good = whole
                    .into_iter()
                    .find(|cf| CodiceFiscale::parse(cf).is_ok());
                &*good.unwrap().leak()
            })
            .collect();
        persons.sort_unstable();
        persons
    })
}
