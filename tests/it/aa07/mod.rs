//! The life cycle of AA07 grants, on a real database.

mod ambito;
mod command;
mod days;
mod four_eyes;
mod model;
mod old_grants;
mod requests;
pub(crate) mod sql;
mod sql_refuses;
mod state_machine;
mod steps;
