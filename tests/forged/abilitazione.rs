//! A decision that the layer did not take.

use std::sync::Arc;

use omnia::abilitazione::{grants::Aa07, Abilitazione, Profilo, DecisionTable};

fn forge(aa07: Arc<Aa07>, profilo: &Arc<Profilo>) -> Option<Abilitazione> {
    Abilitazione::new(aa07, profilo, "DecreeService/ListDecrees") //~ is private
}

fn forge_from_nothing(aa07: Arc<Aa07>) -> Abilitazione {
    Abilitazione { aa07 } //~ private field
}

fn forge_a_policy() -> DecisionTable {
    DecisionTable::default() //~ no function or associated item named `default`
}

fn main() {}
