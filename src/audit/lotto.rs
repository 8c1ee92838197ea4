//! Records as they stand in the table: a row holds those that were written together.
//!
//! ```text
//! numero 17   istante of 17   record {…17…}⏎{…18…}⏎{…19…}   impronta 17 ‖ 18 ‖ 19, 32 bytes each
//! ```
//!
//! Each record has its own number, text and impronta, as if it were alone; what they share is the row, which is what a commit
//! costs. A row is of one day (UTC), so whoever asks for a day asks for whole rows.

use chrono::{DateTime, Utc};

use super::{
    catena::{Impronta, Testa},
    record,
    scrittore::Voce,
};

/// Between two records of a row. JSON as we write it has none.
pub(super) const SEPARATORE: char = '\n';
const IMPRONTA: usize = 32;

/// Records as a row to be.
#[derive(Debug)]
pub(super) struct Lotto {
    /// Where the chain stands after them.
    pub(super) testa: Testa,
    /// Of the first.
    pub(super) istante: DateTime<Utc>,
    pub(super) record: String,
    pub(super) impronte: Vec<u8>,
    /// How many of the voci they are.
    pub(super) voci: usize,
}

impl Lotto {
    /// As many of the first of `voci` as go into one row, as the records of `catena` that come after `testa`.
    pub(super) fn di(catena: i64, mut testa: Testa, voci: &[Voce]) -> Self {
        let istante = voci.first().map(|voce| voce.istante).unwrap_or_default();
        let (giorno, mut presi) = (istante.date_naive(), 0);
        let bytes = voci.iter().map(|voce| voce.coda.len()).sum::<usize>();
        let mut record = String::with_capacity(bytes + voci.len() * record::TESTA);
        let mut impronte = Vec::with_capacity(voci.len() * IMPRONTA);
        for voce in voci {
            if voce.istante.date_naive() != giorno {
                break;
            }
            if presi > 0 {
                record.push(SEPARATORE);
            }
            presi += 1;
            let begin = record.len();
            record::intero(&mut record, catena, testa.numero + 1, &voce.coda);
            testa = Testa {
                numero: testa.numero + 1,
                impronta: testa.impronta.dopo(&record[begin..]),
            };
            impronte.extend_from_slice(&testa.impronta.0);
        }
        Self {
            testa,
            istante,
            record,
            impronte,
            voci: presi,
        }
    }
}

/// The records of a row, each with its impronta. `None` in place of either: the row has fewer of the one than of the other.
pub(super) fn record<'a>(
    testi: &'a str,
    impronte: &'a [u8],
) -> impl Iterator<Item = (Option<&'a str>, Option<Impronta>)> {
    let mut testi = testi.split(SEPARATORE);
    let mut impronte = impronte.chunks(IMPRONTA);
    std::iter::from_fn(move || {
        let (testo, impronta) = (testi.next(), impronte.next());
        if testo.is_none() && impronta.is_none() {
            return None;
        }
        Some((testo, impronta.and_then(Impronta::from_slice)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn voce(istante: &str, coda: &str) -> Voce {
        Voce {
            istante: istante.parse().unwrap(),
            coda: coda.to_owned(),
            scritta: None,
        }
    }

    #[test]
    fn a_row_for_each_day_and_each_record_as_if_it_were_alone() {
        let voci = [
            voce("2026-11-25T23:59:59Z", "\"a\":1}"),
            voce("2026-11-25T23:59:59.999999Z", "\"b\":1}"),
            voce("2026-11-26T00:00:00Z", "\"c\":1}"),
        ];
        let before = Testa {
            numero: 9,
            impronta: Impronta([7; 32]),
        };
        let texts = [
            r#"{"catena":3,"numero":10,"a":1}"#,
            r#"{"catena":3,"numero":11,"b":1}"#,
            r#"{"catena":3,"numero":12,"c":1}"#,
        ];
        let first = Lotto::di(3, before, &voci);
        assert_eq!((first.voci, first.testa.numero), (2, 11));
        assert_eq!(first.istante, voci[0].istante);
        assert_eq!(first.record, texts[..2].join("\n"));
        let second = Lotto::di(3, first.testa, &voci[first.voci..]);
        assert_eq!((second.voci, second.testa.numero), (1, 12));
        assert_eq!(second.istante, voci[2].istante);
        let found: Vec<_> = [&first, &second]
            .iter()
            .flat_map(|lotto| record(&lotto.record, &lotto.impronte))
            .collect();
        let mut impronta = before.impronta;
        for (found, text) in found.iter().zip(texts) {
            impronta = impronta.dopo(text);
            assert_eq!(*found, (Some(text), Some(impronta)));
        }
        assert_eq!((found.len(), second.testa.impronta), (3, impronta));
    }

    #[test]
    fn what_is_missing_in_a_row_is_missed() {
        let found: Vec<_> = record("a\nb", &[1; 32]).collect();
        assert_eq!(
            found,
            [(Some("a"), Some(Impronta([1; 32]))), (Some("b"), None)]
        );
        let found: Vec<_> = record("a", &[1; 65]).collect();
        assert_eq!(found.len(), 3);
        assert_eq!(found[2], (None, None));
    }
}
