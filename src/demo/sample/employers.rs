//! Invented employers. Each is a function of its number: any of them can be had without the ones before.
//!
//! Their codes are right and belong to no one: the codici fiscali of companies name an office that does not exist (777), and
//! those of persons a birthplace that does not exist (X and three digits).

use crate::valori::{CodiceFiscale, Matricola};

const OFFICE: u64 = 777;
/// Odd and not multiples of five: i × FACTOR + offset runs through all the residues of 10ⁿ and of 20ⁿ, so that
/// two employers never have the same one.
const FACTORS: [u64; 3] = [3_141_593, 27_182_817, 14_142_137];
/// Letters of surname and name.
const LETTERS: &[u8; 20] = b"BCDFGHJKLMNPQRSTVWXZ";
const MONTHS: &[u8; 12] = b"ABCDEHLMPRST";
/// What stands for a digit in omocodia.
const OMOCODIA: &[u8; 10] = b"LMNPQRSTUV";

/// An employer.
#[derive(Debug)]
pub(super) struct Employer {
    pub(super) cf: CodiceFiscale,
    /// Whether the code is a natural person's though it has eleven digits.
    pub(super) provisional: bool,
    pub(super) matricola: Matricola,
}

/// All the employers of a world.
#[derive(Debug)]
pub(super) struct Employers {
    pub(super) count: u64,
    /// Makes other employers of another seed.
    pub(super) offset: u64,
}

impl Employers {
    /// How many work there: few employers are large. The first has about four thousand, the thousandth forty.
    pub(super) fn workers(&self, numero: u64) -> u64 {
        3 + 40_000 / (numero + 10)
    }

    /// The employer of this number, which is less than `quante`.
    pub(super) fn get(&self, numero: u64) -> Employer {
        // One in eight is a second employer number of the company before it.
        let holder = if numero % 8 == 7 { numero - 1 } else { numero };
        // One in eighteen is a sole trader, except among the large.
        let persona = holder % 18 == 4 && holder > 30;
        // Of these, some one in fifteen has a provisional code: of eleven digits, as a company's.
        let provisional = persona && holder / 18 % 16 == 5;
        let cf = if persona && !provisional {
            self.person(holder)
        } else {
            let progressive = self.spread(holder, FACTORS[0], 10_000_000);
            CodiceFiscale::for_company(&format!("{progressive:07}{OFFICE}"))
        };
        let matricola = Matricola::from_eight(&format!(
            "{:08}",
            self.spread(numero, FACTORS[1], 100_000_000)
        ));
        // Written from digits and letters of the right kind in the right places; the test looks at thousands.
        #[expect(clippy::expect_used, reason = "the forms are right by construction")]
        Employer {
            cf: cf.expect("a codice fiscale"),
            provisional,
            matricola: matricola.expect("a matricola"),
        }
    }

    fn person(&self, numero: u64) -> Option<CodiceFiscale> {
        let mut name = self.spread(numero, FACTORS[2], 64_000_000);
        let mut text = String::with_capacity(15);
        for _ in 0..6 {
            text.push(pick(LETTERS, name));
            name /= 20;
        }
        // Of age, and not born on the same days in the same places: any mixture will do.
        let mix = (numero + self.offset).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 24;
        let (year, day, place) = (45 + mix % 55, 1 + mix / 55 % 28, mix / 1540 % 1000);
        let female = if (mix / 7).is_multiple_of(3) { 40 } else { 0 };
        text.push_str(&format!("{year:02}"));
        text.push(pick(MONTHS, mix / 12));
        text.push_str(&format!("{:02}X{:02}", day + female, place / 10));
        // One in ten shares the rest of the code with somebody.
        let last = if has_letters_for_digits(numero) {
            OMOCODIA
        } else {
            b"0123456789"
        };
        text.push(pick(last, place));
        CodiceFiscale::for_person(&text)
    }

    fn spread(&self, numero: u64, factor: u64, modulus: u64) -> u64 {
        (numero * factor + self.offset) % modulus
    }
}

fn has_letters_for_digits(numero: u64) -> bool {
    numero / 18 % 10 == 3
}

fn pick<const N: usize>(from: &[u8; N], number: u64) -> char {
    // Less than N, hence than usize's end.
    char::from(from[(number % N as u64) as usize])
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn the_codes_are_right_and_distinct() {
        let employers = Employers {
            count: 50_000,
            offset: 42,
        };
        let (mut matricola_set, mut codes) = (HashSet::new(), HashSet::new());
        let (mut persons, mut homocodes, mut provisional_count) = (0, 0, 0);
        for numero in 0..employers.count {
            let Employer {
                cf,
                provisional,
                matricola,
            } = employers.get(numero);
            provisional_count += u32::from(provisional);
            assert!(!(provisional && cf.persona_fisica()));
            assert_eq!(CodiceFiscale::parse(cf.as_str()), Ok(cf.clone()));
            assert!(matricola.check_digits_fit());
            assert!(matricola_set.insert(matricola), "{numero}");
            if cf.persona_fisica() {
                persons += 1;
                homocodes += u32::from(!cf.as_str().as_bytes()[14].is_ascii_digit());
            }
            assert_eq!(codes.insert(cf), numero % 8 != 7, "{numero}");
        }
        assert!((2_500..4_000).contains(&persons), "{persons}");
        assert!((200..500).contains(&homocodes), "{homocodes}");
        assert!(
            (300..400).contains(&provisional_count),
            "{provisional_count}"
        );
    }
}
