//! One chain, read from its beginning to its head.

use chrono::{DateTime, Utc};
use futures_util::TryStreamExt as _;
use serde::Deserialize;
use sqlx::{Postgres, Row as _, Transaction, postgres::PgRow};

use super::{
    super::{catena::Testa, lotto, record},
    Verifica,
    openings::Seen,
};

/// What a record says of itself.
#[derive(Deserialize)]
struct Proprio {
    catena: i64,
    numero: i64,
    istante: String,
    tipo: String,
    inizio: Option<i64>,
    esito: Option<String>,
    #[serde(default)]
    teste: Option<serde::de::IgnoredAny>,
}

pub(super) struct Catena {
    pub(super) catena: i64,
    /// What the first record comes after.
    pub(super) prima: Testa,
    /// Who saw which record.
    pub(super) seen: Seen,
    /// Whether it begins with an opening that cites the heads before it.
    pub(super) cites: bool,
}

/// The reading of a chain: where it has come to.
struct Lettura<'a> {
    catena: &'a Catena,
    ultima: Testa,
    /// Streams that have no end so far.
    aperti: u64,
}

impl Catena {
    pub(super) async fn leggi(
        self,
        tx: &mut Transaction<'_, Postgres>,
        testa: Testa,
        esito: &mut Verifica,
    ) -> Result<(), sqlx::Error> {
        esito.catene += 1;
        let mut lettura = Lettura {
            catena: &self,
            ultima: self.prima,
            aperti: 0,
        };
        let mut rows = sqlx::query(
            "select numero, istante, record, impronta from audit_registro where catena = $1 order by numero",
        )
        .bind(self.catena)
        .fetch(&mut **tx);
        while let Some(row) = rows.try_next().await? {
            lettura.riga(&row, esito)?;
        }
        drop(rows);
        esito.senza_fine += lettura.aperti;
        let ultima = lettura.ultima;
        if ultima.numero < testa.numero {
            esito.nota(
                &self.dove(ultima.numero + 1),
                &format!("is missing, and all up to record {}", testa.numero),
            );
        } else if ultima != testa {
            esito.nota(
                &self.dove(ultima.numero),
                "is not the head of its chain: records were added, or the head was changed",
            );
        }
        if self.cites && ultima.numero == 0 && testa.numero == 0 {
            esito.nota(&self.dove(1), "is missing: no chain is without its opening");
        }
        for (numero, seen) in self.seen.range(ultima.numero + 1..) {
            if let Some((witness, _)) = seen.first() {
                esito.nota(
                    &self.dove(*numero),
                    &format!("is missing: {witness} saw it"),
                );
            }
        }
        Ok(())
    }

    fn dove(&self, numero: i64) -> String {
        format!("catena {}, record {numero}", self.catena)
    }
}

impl Lettura<'_> {
    /// Checks the records of a row.
    fn riga(&mut self, row: &PgRow, esito: &mut Verifica) -> Result<(), sqlx::Error> {
        let numero: i64 = row.try_get("numero")?;
        let istante: DateTime<Utc> = row.try_get("istante")?;
        let istante = record::istante(istante);
        let record = lotto::record(row.try_get("record")?, row.try_get("impronta")?);
        for (numero, (posto, (testo, impronta))) in (numero..).zip(record.enumerate()) {
            esito.record += 1;
            let (Some(testo), Some(impronta)) = (testo, impronta) else {
                esito.nota(
                    &self.catena.dove(numero),
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
            self.uno(Testa { numero, impronta }, testo, colonna, esito);
        }
        Ok(())
    }

    /// Checks one record against the one before it in the table.
    fn uno(&mut self, questa: Testa, testo: &str, colonna: &str, esito: &mut Verifica) {
        let Testa { numero, impronta } = questa;
        let before = std::mem::replace(&mut self.ultima, questa);
        let dove = self.catena.dove(numero);
        let consecutive = numero == before.numero + 1;
        if numero <= before.numero {
            esito.nota(&dove, "should have been pruned: it was added later");
        } else if !consecutive {
            let last = numero - 1;
            let missing = format!("is missing, and all up to record {last}");
            esito.nota(&self.catena.dove(before.numero + 1), &missing);
        }
        match serde_json::from_str::<Proprio>(testo) {
            Err(_) => esito.nota(&dove, "was changed: it is not a record"),
            Ok(own) if (own.catena, own.numero) != (self.catena.catena, numero) => {
                let other = format!(
                    "holds catena {}, record {}: it was moved or changed",
                    own.catena, own.numero
                );
                esito.nota(&dove, &other);
            }
            Ok(own) => {
                if !own.istante.starts_with(colonna) {
                    esito.nota(&dove, "its column istante was changed");
                } else if consecutive && before.impronta.dopo(testo) != impronta {
                    esito.nota(&dove, "was changed, or the one before it was");
                }
                let opening = own.tipo == "APERTURA" && own.teste.is_some();
                if numero == 1 && self.catena.cites && !opening {
                    esito.nota(&dove, "is not the opening of a chain");
                }
                match own.tipo.as_str() {
                    "INIZIO" if own.esito.is_none() => self.aperti += 1,
                    "FINE" if own.inizio.is_some() => self.aperti = self.aperti.saturating_sub(1),
                    _ => {}
                }
            }
        }
        let seen = self.catena.seen.get(&numero).into_iter().flatten();
        if let Some((witness, _)) = seen.into_iter().find(|(_, seen)| *seen != impronta) {
            esito.nota(
                &dove,
                &format!("is not what {witness} saw: the chain was rewritten up to here"),
            );
        }
    }
}
