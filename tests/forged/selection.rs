//! A proof given for one thing, used for another.

use omnia::abilitazione::{Ambito, Permesso};

fn change(permesso: &mut Permesso<String>, other: Ambito) {
    permesso.selection().clear(); //~ cannot borrow
    *permesso.ambito() = other; //~ cannot assign
}

fn main() {}
