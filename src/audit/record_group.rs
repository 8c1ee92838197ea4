//! Records as they stand in the table: a row holds those that were written together.
//!
//! ```text
//! numero 17   istante of 17   record {…17…}⏎{…18…}⏎{…19…}   impronta 17 ‖ 18 ‖ 19, 32 bytes each
//! ```
//!
//! Each record has its own number, text and impronta, as if it were alone; what they share is the row, which is what a commit
//! costs. A row is of one day (UTC), so a question about a day is one about whole rows.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use super::{
    chain::{ChainDigest, ChainHead},
    pending_record::PendingRecord,
    record,
};

/// Between two records of a row. JSON as we write it has none.
pub(super) const SEPARATOR: char = '\n';
const DIGEST_BYTES: usize = 32;

/// Records as a row to be.
#[derive(Debug)]
pub(super) struct RecordGroup {
    /// Where the chain stands after them.
    pub(super) head: ChainHead,
    /// Of the first.
    pub(super) istante: DateTime<Utc>,
    pub(super) record: String,
    pub(super) digests: Vec<u8>,
    /// How many of the voci they are.
    pub(super) taken: usize,
}

impl RecordGroup {
    /// As many of the first of `voci` as go into one row, as the records of `catena` that come after `head`.
    pub(super) fn of(catena: i64, mut head: ChainHead, voci: &[PendingRecord]) -> Self {
        let istante = voci.first().map(|voce| voce.istante).unwrap_or_default();
        let (giorno, mut taken) = (istante.date_naive(), 0);
        let bytes = voci
            .iter()
            .map(|voce| voce.record_tail.len())
            .sum::<usize>();
        let mut record = String::with_capacity(bytes + voci.len() * record::MAX_PREFIX);
        let mut digests = Vec::with_capacity(voci.len() * DIGEST_BYTES);
        for voce in voci {
            if voce.istante.date_naive() != giorno {
                break;
            }
            if taken > 0 {
                record.push(SEPARATOR);
            }
            taken += 1;
            let begin = record.len();
            record::append_record(&mut record, catena, head.numero + 1, &voce.record_tail);
            head = ChainHead {
                numero: head.numero + 1,
                impronta: head.impronta.followed_by(&record[begin..]),
            };
            digests.extend_from_slice(&head.impronta.0);
        }
        Self {
            head,
            istante,
            record,
            digests,
            taken,
        }
    }
}

/// The records of a row, each with its impronta. `None` in place of either: the row has fewer of the one than of the other.
pub(super) fn record<'a>(
    texts: &'a str,
    digests: &'a [u8],
) -> impl Iterator<Item = (Option<&'a str>, Option<ChainDigest>)> {
    let mut texts = texts.split(SEPARATOR);
    let mut digests = digests.chunks(DIGEST_BYTES);
    std::iter::from_fn(move || {
        let (testo, impronta) = (texts.next(), digests.next());
        if testo.is_none() && impronta.is_none() {
            return None;
        }
        Some((testo, impronta.and_then(ChainDigest::from_slice)))
    })
}

/// Writes a row of records after `head`, and moves the head of their chain.
pub(super) async fn append(
    connection: &mut PgConnection,
    catena: i64,
    head: ChainHead,
    lotto: &RecordGroup,
) -> Result<(), sqlx::Error> {
    let written = sqlx::query(
        "with testa as (
             update audit_catena set numero = $2, impronta = $3
             where catena = $1 and numero = $4 - 1
             returning catena
         )
         insert into audit_registro (catena, numero, istante, record, impronta)
         select catena, $4, $5, $6, $7 from testa",
    )
    .bind(catena)
    .bind(lotto.head.numero)
    .bind(lotto.head.impronta.0.as_slice())
    .bind(head.numero + 1)
    .bind(lotto.istante)
    .bind(&lotto.record)
    .bind(&lotto.digests)
    .execute(connection)
    .await?
    .rows_affected();
    if written != 1 {
        return Err(sqlx::Error::Protocol(format!(
            "chain {catena} is not where its writer left it: somebody else wrote it"
        )));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pending(istante: &str, tail: &str) -> PendingRecord {
        PendingRecord {
            istante: istante.parse().unwrap(),
            record_tail: tail.to_owned(),
            committed: None,
        }
    }

    #[test]
    fn a_row_for_each_day_and_each_record_as_if_it_were_alone() {
        let voci = [
            pending("2026-11-25T23:59:59Z", "\"a\":1}"),
            pending("2026-11-25T23:59:59.999999Z", "\"b\":1}"),
            pending("2026-11-26T00:00:00Z", "\"c\":1}"),
        ];
        let before = ChainHead {
            numero: 9,
            impronta: ChainDigest([7; 32]),
        };
        let texts = [
            r#"{"catena":3,"numero":10,"a":1}"#,
            r#"{"catena":3,"numero":11,"b":1}"#,
            r#"{"catena":3,"numero":12,"c":1}"#,
        ];
        let first = RecordGroup::of(3, before, &voci);
        assert_eq!((first.taken, first.head.numero), (2, 11));
        assert_eq!(first.istante, voci[0].istante);
        assert_eq!(first.record, texts[..2].join("\n"));
        let second = RecordGroup::of(3, first.head, &voci[first.taken..]);
        assert_eq!((second.taken, second.head.numero), (1, 12));
        assert_eq!(second.istante, voci[2].istante);
        let found: Vec<_> = [&first, &second]
            .iter()
            .flat_map(|lotto| record(&lotto.record, &lotto.digests))
            .collect();
        let mut impronta = before.impronta;
        for (found, text) in found.iter().zip(texts) {
            impronta = impronta.followed_by(text);
            assert_eq!(*found, (Some(text), Some(impronta)));
        }
        assert_eq!((found.len(), second.head.impronta), (3, impronta));
    }

    #[test]
    fn what_is_missing_in_a_row_is_missed() {
        let found: Vec<_> = record("a\nb", &[1; 32]).collect();
        assert_eq!(
            found,
            [(Some("a"), Some(ChainDigest([1; 32]))), (Some("b"), None)]
        );
        let found: Vec<_> = record("a", &[1; 65]).collect();
        assert_eq!(found.len(), 3);
        assert_eq!(found[2], (None, None));
    }
}
