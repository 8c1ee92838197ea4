//! Where the blocks of a selection are.

use sqlx::{FromRow, QueryBuilder};

use crate::{
    arrow::Dizionari,
    decreto::query::Lettura,
    error::{Error, Result},
    lotto::{posizione::Posizione, riga::COLONNE},
};

/// Blocks of a series: those after one place, up to another.
#[derive(Debug)]
pub(super) struct Tratto {
    pub(super) serie: i64,
    pub(super) dopo: i32,
    pub(super) fino: i32,
    /// What the record batches of the series point into; `None`: it has none.
    pub(super) dizionari: Option<Dizionari>,
}

#[derive(Debug, FromRow)]
struct Serie {
    id: i64,
    blocchi: i64,
    ci_sono: i64,
    righe_per_blocco: i32,
    dizionario_prestazioni: Option<Vec<String>>,
    dizionario_codifiche: Option<Vec<String>>,
    dopo: Option<i32>,
    fino: Option<i32>,
}

impl Lettura {
    /// The blocks after `dopo`, of `limite` rows each but the last; `None` where there are none for this selection, or to read the
    /// rows is less work.
    ///
    /// # Errors
    /// A series that has not the blocks that it says: whoever reads it to its end would miss some. The database's.
    pub(super) async fn tratto(
        &self,
        dopo: Option<&Posizione>,
        limite: i64,
    ) -> Result<Option<Tratto>> {
        let filtro = self.permesso().selezione();
        let sees_all = COLONNE.into_iter().all(|colonna| self.vede(colonna));
        let by_index = filtro.numero_decreto.is_some()
            || filtro.cf_azienda.is_some()
            || filtro.matricola_azienda.is_some();
        if !sees_all || by_index {
            return Ok(None);
        }
        let found = self.serie(dopo).await?;
        let Some(serie) = found.filter(|s| i64::from(s.righe_per_blocco) == limite) else {
            return Ok(None);
        };
        if serie.blocchi != serie.ci_sono {
            return Err(Error::internal(format!(
                "series {} of blocks says that it has {} of them, and has {}",
                serie.id, serie.blocchi, serie.ci_sono
            )));
        }
        // A position that is no block's end is one of another source of rows, which goes on with it.
        let (Some(dopo), Some(fino)) = (serie.dopo, serie.fino) else {
            return Ok(None);
        };
        let dizionari = match (serie.dizionario_prestazioni, serie.dizionario_codifiche) {
            (Some(prestazioni), Some(codifiche)) => Some(Dizionari {
                prestazioni,
                codifiche,
            }),
            _ => None,
        };
        let tratto = Tratto {
            serie: serie.id,
            dopo,
            fino,
            dizionari,
        };
        if let Some(codifica) = &filtro.codifica_sistema_unico
            && self.poche(&tratto, codifica).await?
        {
            return Ok(None);
        }
        Ok(Some(tratto))
    }

    async fn serie(&self, dopo: Option<&Posizione>) -> Result<Option<Serie>> {
        let mut query = QueryBuilder::new(
            "select id, blocchi::bigint, (select count(*) from blocco where serie = s.id) as ci_sono, \
             righe_per_blocco, dizionario_prestazioni, dizionario_codifiche, ",
        );
        for (posizione, nome, senza) in [
            (dopo, " as dopo, ", -1),
            (self.fine(), " as fino", i32::MAX),
        ] {
            match posizione {
                None => query.push_bind(senza),
                Some(ultima) => query
                    .push("(select posto from blocco where serie = s.id and ultima_data = ")
                    .push_bind(ultima.data_decreto)
                    .push(" and ultima_numero = ")
                    .push_bind(ultima.numero_decreto.clone())
                    .push(" and ultima_id = ")
                    .push_bind(ultima.id)
                    .push(")"),
            };
            query.push(nome);
        }
        query
            .push(" from serie s where normativa = ")
            .push_bind(self.selezione().normativa.as_str().to_owned())
            .push(" and dal_rilevazione <= ")
            .push_bind(self.rilevazione())
            .push(" and al_rilevazione >= ")
            .push_bind(self.rilevazione());
        Ok(query.build_query_as().fetch_optional(self.pool()).await?)
    }
}
