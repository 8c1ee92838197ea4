//! What a handler may do. It compiles, so that the others fail for what they do and not for how they are compiled.

use omnia::{abilitazione::{Abilitazione, NessunFiltro, Permesso}, error::Result};

fn query(permesso: Permesso<NessunFiltro>) -> bool {
    permesso.vede("cf_azienda")
}

fn handler(abilitazione: &Abilitazione) -> Result<bool> {
    Ok(query(abilitazione.permetti(NessunFiltro)?))
}

fn main() {
    let _handler = handler;
}
