//! The conditions of a selection, for blocks: which may hold something, which are selected whole.

use sqlx::{Postgres, QueryBuilder};

use super::tratto::Tratto;
use crate::{
    decreto::query::Lettura,
    error::Result,
    valori::{CodificaSistemaUnico, Criterio},
};

/// How many rows of a block are taken to cost as much as one row that an index finds: an estimate. Both ways give the same.
const RIGHE_PER_RICERCA: i64 = 7;

impl Lettura {
    /// Whether the rows of a codifica are so few that their index is the shorter way.
    pub(super) async fn poche(
        &self,
        tratto: &Tratto,
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

    /// The blocks of a stretch, without those that cannot match.
    pub(super) fn push_blocchi(&self, query: &mut QueryBuilder<Postgres>, tratto: &Tratto) {
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
