//! A proof that nobody gave.

use omnia::abilitazione::{Ambito, Insieme, NessunFiltro, Permesso};

fn query(permesso: Permesso<NessunFiltro>) {
    drop(permesso);
}

fn main() {
    let ambito = Ambito::new(Insieme::Tutti, Insieme::Tutti);
    query(Permesso { ambito, selezione: NessunFiltro }); //~ private field
    query(Permesso::new(NessunFiltro)); //~ no function or associated item named `new`
    query(Permesso::default()); //~ no function or associated item named `default`
    query(NessunFiltro.into()); //~ is not satisfied
    query(NessunFiltro); //~ mismatched types
}
