//! What a handler may do. It compiles, so that the others fail for what they do and not for how they are compiled.

use omnia::{abilitazione::{Abilitazione, NoFilter, Permesso}, contract::column::Column, error::Result};

fn query(permesso: Permesso<NoFilter>) -> bool {
    permesso.may_see(Column::CfAzienda)
}

fn handler(abilitazione: &Abilitazione) -> Result<bool> {
    Ok(query(abilitazione.permit(NoFilter)?))
}

fn main() {
    let _handler = handler;
}
