//! Lotti from stored blocks ([`crate::lotto::blocco`]): sent as they are, or filtered.
//!
//! A block serves a selection that sees every column (natural persons masked or not) and filters by nothing but periodo and
//! codifica. It is skipped where its ranges say that nothing in it matches, and sent whole where they say that everything
//! does; else its rows are looked at one by one. The other filters name one decree or one employer: a few rows, which their
//! index finds.
//!
//! ```text
//! periodo 2024          block 0: 2022-01-01 … 2023-11-30      skipped, by SQL
//!                       block 1: 2023-06-01 … 2024-08-31      row by row
//!                       block 2: all of it in 2024            as it is
//! ```
//!
//! A lotto ends where a block ends, so that the next one can begin with a block: rows that are left over from several blocks
//! are sent together, as long as they are no more than a lotto holds.

use bytes::Bytes;
use sqlx::{FromRow, Postgres, QueryBuilder};

use super::query::Lettura;
use crate::{
    error::{Error, Result},
    lotto::{
        Lotto,
        blocco::espandi,
        posizione::Posizione,
        riga::{COLONNE, Riga, Righe},
        somme::Somme,
    },
    valori::{CodificaSistemaUnico, Criterio},
};

/// How many rows of a block can be looked at in the time in which an index finds one row.
const RIGHE_PER_RICERCA: i64 = 7;

/// Where a reading of blocks stands: those after `posto` are the rest.
#[derive(Debug)]
pub(super) struct Punto {
    serie: i64,
    posto: i32,
    /// Rows that were read with the last block and did not fit into its lotto.
    avanzo: Option<Lotto>,
}

/// What is sent of a block.
#[derive(Debug, FromRow)]
struct Trovato {
    posto: i32,
    byte: i32,
    ultima_data: chrono::NaiveDate,
    ultima_numero: String,
    ultima_id: i64,
    /// Whether every row of it is selected.
    intero: bool,
    righe: i32,
    ore_decretate: rust_decimal::Decimal,
    importi_autorizzati: rust_decimal::Decimal,
    importi_erogati: rust_decimal::Decimal,
    lotto: Vec<u8>,
    persone: Option<Vec<u8>>,
}

impl Lettura {
    /// Where to begin after `dopo`, if there are blocks for this selection and it is less work to read them than the rows.
    pub(super) async fn inizio(
        &self,
        dopo: Option<&Posizione>,
        limite: i64,
    ) -> Result<Option<Punto>> {
        let filtro = self.permesso().selezione();
        let sees_all = COLONNE.into_iter().all(|colonna| self.vede(colonna));
        let by_index = filtro.numero_decreto.is_some()
            || filtro.cf_azienda.is_some()
            || filtro.matricola_azienda.is_some();
        if !sees_all || by_index {
            return Ok(None);
        }
        let serie: Option<(i64, i32)> = sqlx::query_as(
            "select id, righe_per_blocco from serie
             where normativa = $1 and dal_rilevazione <= $2 and al_rilevazione >= $2",
        )
        .bind(filtro.normativa.as_str())
        .bind(self.rilevazione())
        .fetch_optional(self.pool())
        .await?;
        let Some((serie, _)) = serie.filter(|(_, righe)| i64::from(*righe) == limite) else {
            return Ok(None);
        };
        let posto = match dopo {
            None => Some(-1),
            // A position that is no block's end is one of another source of rows, which goes on with it.
            Some(dopo) => {
                sqlx::query_scalar(
                    "select posto from blocco
                     where serie = $1 and ultima_data = $2 and ultima_numero = $3 and ultima_id = $4",
                )
                .bind(serie)
                .bind(dopo.data_decreto)
                .bind(&dopo.numero_decreto)
                .bind(dopo.id)
                .fetch_optional(self.pool())
                .await?
            }
        };
        let Some(posto) = posto else { return Ok(None) };
        if let Some(codifica) = &filtro.codifica_sistema_unico
            && self.poche(serie, posto, codifica).await?
        {
            return Ok(None);
        }
        Ok(Some(Punto {
            serie,
            posto,
            avanzo: None,
        }))
    }

    /// Whether the rows of a codifica are so few that their index is the shorter way.
    async fn poche(&self, serie: i64, posto: i32, codifica: &CodificaSistemaUnico) -> Result<bool> {
        let mut query = QueryBuilder::new(
            "select coalesce(sum(righe), 0)::bigint, \
             coalesce(sum(codifiche_righe[array_position(codifiche, ",
        );
        query
            .push_bind(codifica.as_str().to_owned())
            .push(")]), 0)::bigint");
        self.push_blocchi(&mut query, serie, posto);
        let (righe, sue): (i64, i64) = query.build_query_as().fetch_one(self.pool()).await?;
        Ok(sue * RIGHE_PER_RICERCA < righe)
    }

    /// The next lotto from a point, and the point after it; `None` at the end.
    pub(super) async fn da_blocchi(
        &self,
        punto: Punto,
        limite: i64,
    ) -> Result<Option<(Lotto, Punto)>> {
        let Punto {
            serie,
            mut posto,
            avanzo,
        } = punto;
        let mut in_mano = avanzo;
        while let Some(trovato) = self.trova(serie, posto).await? {
            posto = trovato.posto;
            let Some(lotto) = self.seleziona(trovato)? else {
                continue;
            };
            match &mut in_mano {
                None => in_mano = Some(lotto),
                Some(prima) if prima.somme.righe + lotto.somme.righe <= limite => {
                    unisci(prima, lotto)
                }
                Some(_) => {
                    let pieno = in_mano.replace(lotto);
                    return Ok(pieno.map(|pieno| {
                        (
                            pieno,
                            Punto {
                                serie,
                                posto,
                                avanzo: in_mano,
                            },
                        )
                    }));
                }
            }
            // As full as one block can make it: there is nothing to wait for.
            if let Some(pieno) = in_mano.take_if(|lotto| lotto.somme.righe == limite) {
                return Ok(Some((
                    pieno,
                    Punto {
                        serie,
                        posto,
                        avanzo: None,
                    },
                )));
            }
        }
        Ok(in_mano.map(|resto| {
            (
                resto,
                Punto {
                    serie,
                    posto,
                    avanzo: None,
                },
            )
        }))
    }

    /// The next block after `posto` in which something may match.
    async fn trova(&self, serie: i64, posto: i32) -> Result<Option<Trovato>> {
        let mut query = QueryBuilder::new(
            "select posto, byte, ultima_data, ultima_numero, ultima_id, righe, \
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
        query.push(" as intero");
        self.push_blocchi(&mut query, serie, posto);
        query.push(" order by posto limit 1");
        Ok(query.build_query_as().fetch_optional(self.pool()).await?)
    }

    /// The blocks after `posto`, without those that cannot match.
    fn push_blocchi(&self, query: &mut QueryBuilder<Postgres>, serie: i64, posto: i32) {
        query
            .push(" from blocco where serie = ")
            .push_bind(serie)
            .push(" and posto > ")
            .push_bind(posto);
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
    fn push_intero(&self, query: &mut QueryBuilder<Postgres>) {
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

    /// The rows of a block that are selected; `None` where there is none.
    fn seleziona(&self, trovato: Trovato) -> Result<Option<Lotto>> {
        let byte = usize::try_from(trovato.byte).map_err(Error::internal)?;
        let righe = espandi(&trovato.lotto, byte, trovato.persone.as_deref())?;
        let fine = Posizione {
            data_decreto: trovato.ultima_data,
            numero_decreto: trovato.ultima_numero,
            id: trovato.ultima_id,
        };
        if trovato.intero {
            let somme = Somme::di_decimali(
                trovato.righe.into(),
                [
                    trovato.ore_decretate,
                    trovato.importi_autorizzati,
                    trovato.importi_erogati,
                ],
            );
            return Ok(Some(Lotto {
                byte: righe.into(),
                somme,
                fine,
            }));
        }
        let scelta = Scelta::new(self);
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

/// The filters and the scope, as texts: ISO days compare as their days.
struct Scelta {
    dal: Option<String>,
    al: Option<String>,
    criterio: Criterio,
    codifica: Option<String>,
    prestazioni: Option<Vec<String>>,
}

impl Scelta {
    fn new(lettura: &Lettura) -> Self {
        let permesso = lettura.permesso();
        let filtro = permesso.selezione();
        Self {
            dal: filtro.periodo.and_then(|p| p.dal()).map(|d| d.to_string()),
            al: filtro.periodo.and_then(|p| p.al()).map(|d| d.to_string()),
            criterio: filtro
                .periodo
                .map_or_else(Criterio::default, |p| p.criterio()),
            codifica: filtro
                .codifica_sistema_unico
                .as_ref()
                .map(|c| c.as_str().to_owned()),
            prestazioni: permesso.ambito().prestazioni().testi(),
        }
    }

    fn prende(&self, riga: &Riga<'_>) -> bool {
        let first = match self.criterio {
            Criterio::Sovrapposizione => riga.validita_al,
            Criterio::InizioValidita => riga.validita_dal,
        };
        self.codifica
            .as_ref()
            .is_none_or(|codifica| codifica == riga.codifica_sistema_unico)
            && self.dal.as_ref().is_none_or(|dal| first >= dal.as_str())
            && self
                .al
                .as_ref()
                .is_none_or(|al| riga.validita_dal <= al.as_str())
            && self
                .prestazioni
                .as_ref()
                .is_none_or(|codes| codes.iter().any(|c| c == riga.prestazione))
    }
}

fn unisci(prima: &mut Lotto, dopo: Lotto) {
    let mut byte = Vec::with_capacity(prima.byte.len() + dopo.byte.len());
    byte.extend_from_slice(&prima.byte);
    byte.extend_from_slice(&dopo.byte);
    prima.byte = Bytes::from(byte);
    prima.somme += dopo.somme;
    prima.fine = dopo.fine;
}
