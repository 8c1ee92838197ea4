//! The life cycle of AA07 grants, on a real database.

mod ambito;
mod comando;
mod giorni;
mod macchina;
mod modello;
mod passi;
mod quattro_occhi;
mod richieste;
pub(crate) mod sql;
mod sql_vieta;
mod vecchie;
