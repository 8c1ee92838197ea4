//! One chain, read from its beginning to its head.

use chrono::{DateTime, Utc};
use futures_util::TryStreamExt as _;
use serde::Deserialize;
use sqlx::{Postgres, Row as _, Transaction, postgres::PgRow};

use super::{
    super::{chain::ChainHead, record, record_group},
    openings::Seen,
    verification::Verification,
};

/// What a record says of itself.
#[derive(Deserialize)]
struct RecordFields {
    catena: i64,
    numero: i64,
    istante: String,
    tipo: String,
    inizio: Option<i64>,
    esito: Option<String>,
    #[serde(default)]
    teste: Option<serde::de::IgnoredAny>,
}

pub(super) struct ChainCheck {
    pub(super) catena: i64,
    /// What the first record comes after.
    pub(super) before: ChainHead,
    /// Who saw which record.
    pub(super) seen: Seen,
    /// Whether it begins with an opening that cites the heads before it.
    pub(super) cites: bool,
}

/// The reading of a chain: where it has come to.
struct ChainWalk<'a> {
    catena: &'a ChainCheck,
    ultima: ChainHead,
    /// Streams that have no end so far.
    open_streams: u64,
}

impl ChainCheck {
    pub(super) async fn read(
        self,
        tx: &mut Transaction<'_, Postgres>,
        head: ChainHead,
        esito: &mut Verification,
    ) -> Result<(), sqlx::Error> {
        esito.chains += 1;
        let mut reading = ChainWalk {
            catena: &self,
            ultima: self.before,
            open_streams: 0,
        };
        let mut rows = sqlx::query(
            "select numero, istante, record, impronta from audit_registro where catena = $1 order by numero",
        )
        .bind(self.catena)
        .fetch(&mut **tx);
        while let Some(row) = rows.try_next().await? {
            reading.check_row(&row, esito)?;
        }
        drop(rows);
        esito.unended += reading.open_streams;
        let ultima = reading.ultima;
        if ultima.numero < head.numero {
            esito.note(
                &self.place(ultima.numero + 1),
                &format!("is missing, and all up to record {}", head.numero),
            );
        } else if ultima != head {
            esito.note(
                &self.place(ultima.numero),
                "is not the head of its chain: records were added, or the head was changed",
            );
        }
        if self.cites && ultima.numero == 0 && head.numero == 0 {
            esito.note(
                &self.place(1),
                "is missing: no chain is without its opening",
            );
        }
        for (numero, seen) in self.seen.range(ultima.numero + 1..) {
            if let Some((witness, _)) = seen.first() {
                esito.note(
                    &self.place(*numero),
                    &format!("is missing: {witness} saw it"),
                );
            }
        }
        Ok(())
    }

    fn place(&self, numero: i64) -> String {
        format!("catena {}, record {numero}", self.catena)
    }
}

impl ChainWalk<'_> {
    /// Checks the records of a row.
    fn check_row(&mut self, row: &PgRow, esito: &mut Verification) -> Result<(), sqlx::Error> {
        let numero: i64 = row.try_get("numero")?;
        let istante: DateTime<Utc> = row.try_get("istante")?;
        let istante = record::timestamp(istante);
        let record = record_group::record(row.try_get("record")?, row.try_get("impronta")?);
        for (numero, (posto, (testo, impronta))) in (numero..).zip(record.enumerate()) {
            esito.records += 1;
            let (Some(testo), Some(impronta)) = (testo, impronta) else {
                esito.note(
                    &self.catena.place(numero),
                    "was changed: its row has more records than improntas, or fewer",
                );
                break;
            };
            // A row has the instant of its first record, and its day is that of all.
            let colonna = if posto == 0 {
                &istante[..]
            } else {
                &istante[..10]
            };
            self.check_record(ChainHead { numero, impronta }, testo, colonna, esito);
        }
        Ok(())
    }

    /// Checks one record against the one before it in the table.
    fn check_record(
        &mut self,
        this: ChainHead,
        testo: &str,
        colonna: &str,
        esito: &mut Verification,
    ) {
        let ChainHead { numero, impronta } = this;
        let before = std::mem::replace(&mut self.ultima, this);
        let place = self.catena.place(numero);
        let consecutive = numero == before.numero + 1;
        if numero <= before.numero {
            esito.note(&place, "should have been pruned: it was added later");
        } else if !consecutive {
            let last = numero - 1;
            let missing = format!("is missing, and all up to record {last}");
            esito.note(&self.catena.place(before.numero + 1), &missing);
        }
        match serde_json::from_str::<RecordFields>(testo) {
            Err(_) => esito.note(&place, "was changed: it is not a record"),
            Ok(own) if (own.catena, own.numero) != (self.catena.catena, numero) => {
                let other = format!(
                    "holds catena {}, record {}: it was moved or changed",
                    own.catena, own.numero
                );
                esito.note(&place, &other);
            }
            Ok(own) => {
                if !own.istante.starts_with(colonna) {
                    esito.note(&place, "its column istante was changed");
                } else if consecutive && before.impronta.followed_by(testo) != impronta {
                    esito.note(&place, "was changed, or the one before it was");
                }
                let opening = own.tipo == "APERTURA" && own.teste.is_some();
                if numero == 1 && self.catena.cites && !opening {
                    esito.note(&place, "is not the opening of a chain");
                }
                match own.tipo.as_str() {
                    "INIZIO" if own.esito.is_none() => self.open_streams += 1,
                    "FINE" if own.inizio.is_some() => {
                        self.open_streams = self.open_streams.saturating_sub(1)
                    }
                    _ => {}
                }
            }
        }
        let seen = self.catena.seen.get(&numero).into_iter().flatten();
        if let Some((witness, _)) = seen.into_iter().find(|(_, seen)| *seen != impronta) {
            esito.note(
                &place,
                &format!("is not what {witness} saw: the chain was rewritten up to here"),
            );
        }
    }
}
