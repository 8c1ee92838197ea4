//! Which blocks may hold something, and what of them is sent.

use std::sync::Arc;

use chrono::NaiveDate;
use rust_decimal::Decimal;
use sqlx::{FromRow, Postgres, QueryBuilder};

use super::{Tratto, scelta::Scelta};
use crate::{
    decreto::query::Lettura,
    error::{Error, Result},
    lotto::{Lotto, blocco::espandi, posizione::Posizione, riga::Righe, somme::Somme},
    valori::{CodificaSistemaUnico, Criterio},
};

/// How many rows of a block are taken to cost as much as one row that an index finds: an estimate. Both ways give the same.
const RIGHE_PER_RICERCA: i64 = 7;

/// What is sent of a block.
#[derive(Debug, FromRow)]
pub(super) struct Trovato {
    byte: i32,
    ultima_data: NaiveDate,
    ultima_numero: String,
    ultima_id: i64,
    /// Whether every row of it is selected.
    intero: bool,
    righe: i32,
    ore_decretate: Decimal,
    importi_autorizzati: Decimal,
    importi_erogati: Decimal,
    lotto: Vec<u8>,
    persone: Option<Vec<u8>>,
}

impl Trovato {
    /// The rows of a block that are selected; `None` where there is none.
    pub(super) fn scegli(self, scelta: &Scelta) -> Result<Option<Lotto>> {
        let byte = usize::try_from(self.byte).map_err(Error::internal)?;
        let righe = espandi(&self.lotto, byte, self.persone.as_deref())?;
        let fine = Posizione {
            data_decreto: self.ultima_data,
            numero_decreto: self.ultima_numero,
            id: self.ultima_id,
        };
        if self.intero {
            let somme = Somme::di_decimali(
                self.righe.into(),
                [
                    self.ore_decretate,
                    self.importi_autorizzati,
                    self.importi_erogati,
                ],
            );
            return Ok(Some(Lotto {
                byte: righe.into(),
                somme,
                fine,
            }));
        }
        let mut byte = Vec::new();
        let mut somme = Somme::default();
        let mut tutte = Righe::new(&righe);
        while let Some(row) = tutte.con_byte() {
            let (encoded, riga) = row?;
            if scelta.prende(&riga) {
                somme.aggiungi(&riga)?;
                byte.extend_from_slice(encoded);
            }
        }
        Ok((somme.righe > 0).then(|| Lotto {
            byte: byte.into(),
            somme,
            fine,
        }))
    }
}

impl Lettura {
    /// Whether the rows of a codifica are so few that their index is the shorter way.
    pub(super) async fn poche(
        &self,
        tratto: Tratto,
        codifica: &CodificaSistemaUnico,
    ) -> Result<bool> {
        let mut query = QueryBuilder::new(
            "select coalesce(sum(righe), 0)::bigint, \
             coalesce(sum(codifiche_righe[array_position(codifiche, ",
        );
        query
            .push_bind(codifica.as_str().to_owned())
            .push(")]), 0)::bigint");
        self.push_blocchi(&mut query, tratto);
        let (righe, sue): (i64, i64) = query.build_query_as().fetch_one(self.pool()).await?;
        Ok(sue * RIGHE_PER_RICERCA < righe)
    }

    /// Where the blocks of a stretch are in which something may match, in reading order. `None`: the series is gone.
    ///
    /// # Errors
    /// It is there and has others than it says: whoever reads it to its end would miss some. The database's.
    pub(super) async fn posti(&self, tratto: Tratto) -> Result<Option<Vec<i32>>> {
        // One statement, so that what is counted is what is found.
        let mut query = QueryBuilder::new(
            "select blocchi::bigint, (select count(*) from blocco where serie = s.id), array(select posto",
        );
        self.push_blocchi(&mut query, tratto);
        query
            .push(" order by posto) from serie s where s.id = ")
            .push_bind(tratto.serie);
        let found: Option<(i64, i64, Vec<i32>)> =
            query.build_query_as().fetch_optional(self.pool()).await?;
        match found {
            None => Ok(None),
            Some((said, there, posti)) if said == there => Ok(Some(posti)),
            Some((said, there, _)) => Err(Error::internal(format!(
                "series {} of blocks says that it has {said} of them, and has {there}",
                tratto.serie
            ))),
        }
    }

    /// The block at this place; `None`: it is gone.
    pub(super) async fn trova(self: Arc<Self>, serie: i64, posto: i32) -> Result<Option<Trovato>> {
        let mut query = QueryBuilder::new(
            "select byte, ultima_data, ultima_numero, ultima_id, righe, \
             ore_decretate, importi_autorizzati, importi_erogati, lotto, ",
        );
        // Who sees natural persons masked gets them masked from here on.
        let in_chiaro = self.vede("cf_azienda.persona_fisica");
        query.push(if in_chiaro {
            "persone"
        } else {
            "null::bytea as persone"
        });
        query.push(", ");
        self.push_intero(&mut query);
        query.push(" as intero from blocco where serie = ");
        query
            .push_bind(serie)
            .push(" and posto = ")
            .push_bind(posto);
        Ok(query.build_query_as().fetch_optional(self.pool()).await?)
    }

    /// The blocks of a stretch, without those that cannot match.
    pub(super) fn push_blocchi(&self, query: &mut QueryBuilder<Postgres>, tratto: Tratto) {
        query
            .push(" from blocco where serie = ")
            .push_bind(tratto.serie)
            .push(" and posto > ")
            .push_bind(tratto.dopo)
            .push(" and posto <= ")
            .push_bind(tratto.fino);
        let filtro = self.permesso().selezione();
        if let Some(periodo) = &filtro.periodo {
            let first = match periodo.criterio() {
                Criterio::Sovrapposizione => "validita_al_max",
                Criterio::InizioValidita => "validita_dal_max",
            };
            if let Some(dal) = periodo.dal() {
                query.push(" and ").push(first).push(" >= ").push_bind(dal);
            }
            if let Some(al) = periodo.al() {
                query.push(" and validita_dal_min <= ").push_bind(al);
            }
        }
        if let Some(codifica) = &filtro.codifica_sistema_unico {
            query
                .push(" and ")
                .push_bind(codifica.as_str().to_owned())
                .push(" = any(codifiche)");
        }
        if let Some(prestazioni) = self.permesso().ambito().prestazioni().testi() {
            query.push(" and prestazioni && ").push_bind(prestazioni);
        }
    }

    /// Whether all rows of a block match, by what is known of it.
    pub(super) fn push_intero(&self, query: &mut QueryBuilder<Postgres>) {
        query.push("true");
        let filtro = self.permesso().selezione();
        if let Some(periodo) = &filtro.periodo {
            let first = match periodo.criterio() {
                Criterio::Sovrapposizione => "validita_al_min",
                Criterio::InizioValidita => "validita_dal_min",
            };
            if let Some(dal) = periodo.dal() {
                query.push(" and ").push(first).push(" >= ").push_bind(dal);
            }
            if let Some(al) = periodo.al() {
                query.push(" and validita_dal_max <= ").push_bind(al);
            }
        }
        if let Some(codifica) = &filtro.codifica_sistema_unico {
            query
                .push(" and codifiche = array[")
                .push_bind(codifica.as_str().to_owned())
                .push("]");
        }
        if let Some(prestazioni) = self.permesso().ambito().prestazioni().testi() {
            query.push(" and prestazioni <@ ").push_bind(prestazioni);
        }
    }
}
