//! The same, by the fields; and one proof for two queries.

use omnia::abilitazione::{Ambito, Permesso};

fn change(mut permesso: Permesso<String>, other: Ambito) {
    permesso.ambito = other; //~ is private
    permesso.selezione = String::new(); //~ is private
    let twice = permesso.clone(); //~ no method named `clone`
    drop(twice);
}

fn main() {}
