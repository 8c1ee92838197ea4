//! The two conditions that both reports share. They stand here, once, because the reports reconcile only if they mean
//! exactly the same by "in this rilevazione" and "in this periodo".

use sqlx::{Postgres, QueryBuilder};

use crate::valori::{Criterio, Periodo};

/// The condition that the employer of a row of the detail is a natural person: by the form of the code, or because the extract
/// says so.
pub const PERSONA_FISICA: &str = "(length(cf_azienda) = 16 or persona_fisica)";

/// Pushes the condition that a versioned row is part of the rilevazione.
pub fn in_rilevazione(query: &mut QueryBuilder<Postgres>, numero: i32) {
    query
        .push("dal_rilevazione <= ")
        .push_bind(numero)
        .push(" and al_rilevazione >= ")
        .push_bind(numero);
}

/// Pushes the condition that the validity of a row falls in the periodo. Without periodo it always does.
pub fn in_periodo(query: &mut QueryBuilder<Postgres>, periodo: Option<&Periodo>) {
    let Some(periodo) = periodo else {
        query.push("true");
        return;
    };
    let (first, last) = match periodo.criterio() {
        // A day in common: it ends on or after the first day, and starts on or before the last.
        Criterio::Sovrapposizione => ("validita_al", "validita_dal"),
        Criterio::InizioValidita => ("validita_dal", "validita_dal"),
    };
    let mut conditions = query.separated(" and ");
    if let Some(dal) = periodo.dal() {
        conditions
            .push(first)
            .push_unseparated(" >= ")
            .push_bind_unseparated(dal);
    }
    if let Some(al) = periodo.al() {
        conditions
            .push(last)
            .push_unseparated(" <= ")
            .push_bind_unseparated(al);
    }
}
