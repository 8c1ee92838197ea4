//! A proof that nobody gave.

use omnia::abilitazione::{Ambito, AmbitoCodes, NoFilter, Permesso};

fn query(permesso: Permesso<NoFilter>) {
    drop(permesso);
}

fn main() {
    let ambito = Ambito::new(AmbitoCodes::All, AmbitoCodes::All);
    query(Permesso { ambito, selezione: NoFilter }); //~ private field
    query(Permesso::new(NoFilter)); //~ no function or associated item named `new`
    query(Permesso::default()); //~ no function or associated item named `default`
    query(NoFilter.into()); //~ is not satisfied
    query(NoFilter); //~ mismatched types
}
