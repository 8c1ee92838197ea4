//! A request for a grant, as the AA07 form has it.

use chrono::NaiveDate;

use super::{Certificati, Ente, Finalita, ImprontaModulo, Orari, ProtocolloPec, Quote, Reti};
use crate::{
    abilitazione::{Ambito, DecisionTable},
    error::Violations,
    valori::{ValueDefect, name::is_name},
};

const SOGGETTO: ValueDefect = ValueDefect::new(
    "must be 1 to 255 bytes without control, format or unseen characters and without blanks at its ends",
    "deve avere da 1 a 255 byte, senza caratteri di controllo, di formato o invisibili né spazi alle estremità",
);
const PROFILO: ValueDefect = ValueDefect::new(
    "must be a profile of the policy",
    "deve essere un profilo previsto dalle regole di accesso",
);
const OUT_OF_ORDER: ValueDefect = ValueDefect::new(
    "must not be before valida_dal",
    "non deve precedere valida_dal",
);
const PASSED: ValueDefect = ValueDefect::new(
    "has passed: such a grant gives nothing",
    "è già trascorsa: l'abilitazione non avrebbe effetto",
);

/// A request. What cannot be wrong by itself is a type; the rest is checked when it is recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RichiestaAa07 {
    /// The PEC message that brought the form.
    pub protocollo_pec: ProtocolloPec,
    /// The form.
    pub impronta_modulo: ImprontaModulo,
    /// The `sub` of the token.
    pub soggetto: String,
    /// Whose the subject is.
    pub ente: Ente,
    /// A profile of the policy.
    pub profilo: String,
    /// The data.
    pub ambito: Ambito,
    /// First day, included, in Rome.
    pub valida_dal: NaiveDate,
    /// Last day, included, in Rome.
    pub valida_al: NaiveDate,
    /// From where, when, for what and how much it may be used.
    pub limiti: LimitiAa07,
    /// The grant that ends when this one is approved.
    pub sostituisce: Option<i64>,
}

/// What limits the use of a grant; by default nothing does.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LimitiAa07 {
    /// The networks of the calls.
    pub reti: Reti,
    /// The hours of the calls.
    pub orari: Orari,
    /// The purposes of the vouchers.
    pub finalita: Finalita,
    /// The client certificates.
    pub certificati: Certificati,
    /// How much.
    pub quote: Quote,
}

impl RichiestaAa07 {
    /// Notes everything that is wrong with it on a day, but for what only the database knows.
    pub(super) fn check(
        &self,
        oggi: NaiveDate,
        table: &DecisionTable,
        violations: &mut Violations,
    ) {
        check_soggetto(&self.soggetto, violations);
        check_profilo(&self.profilo, table, violations);
        check_days(self.valida_dal, self.valida_al, oggi, violations);
    }
}

/// Notes a subject that no token could have.
pub(in crate::abilitazione) fn check_soggetto(soggetto: &str, violations: &mut Violations) {
    note("soggetto", is_name(soggetto), SOGGETTO, violations);
}

/// Notes a profile that the policy does not have.
pub(in crate::abilitazione) fn check_profilo(
    profilo: &str,
    table: &DecisionTable,
    violations: &mut Violations,
) {
    note(
        "profilo",
        table.profilo(profilo).is_some(),
        PROFILO,
        violations,
    );
}

/// Notes days out of order, and a last one that has passed.
pub(in crate::abilitazione) fn check_days(
    dal: NaiveDate,
    al: NaiveDate,
    oggi: NaiveDate,
    violations: &mut Violations,
) {
    note("valida_al", al >= dal, OUT_OF_ORDER, violations);
    note("valida_al", al >= oggi, PASSED, violations);
}

fn note(field: &str, good: bool, defect: ValueDefect, violations: &mut Violations) {
    violations.check(field, good.then_some(()).ok_or(defect));
}
