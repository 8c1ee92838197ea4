//! Which rows made a decision, or what is missing.
//!
//! ```text
//! mef-rgs, DecreeService/ListDecrees, filtro, periodo      allowed   policy.csv:37: p, decreti, …, periodo, allow
//!                                                                    policy.csv:104: g, mef-rgs, decreti
//! mef-rgs, DecreeService/ListDecrees, filtro, cf_azienda   refused   no row gives it to a role of `mef-rgs`;
//!                                                                    the role `decreti-azienda` has it
//! ```
//!
//! Casbin has decided already; here the rows are looked up that its answer goes back to.

use super::{
    DecisionTable,
    rows::{CHIAMATA, COLONNA, FILE, FILTRO, PolicyRule, RoleBinding},
};

/// Why a profile may use a name in a call, or may not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyExplanation {
    /// The decision.
    pub consentito: bool,
    /// The rows that give it, or those that take it away.
    pub righe: Vec<PolicyRow>,
    /// What is missing; `None` where nothing is.
    pub manca: Option<String>,
}

/// A row of the policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyRow {
    /// The file.
    pub file: &'static str,
    /// From 1.
    pub riga: usize,
    /// As it stands there.
    pub testo: String,
}

impl DecisionTable {
    /// Why a profile may use a name in a call, or may not. `tipo` and `nome` are as in the policy's rows.
    #[must_use]
    pub fn explain(&self, profilo: &str, rpc: &str, tipo: &str, nome: &str) -> PolicyExplanation {
        let consentito = self.allows(profilo, rpc, tipo, nome);
        let bindings: Vec<&RoleBinding> = self
            .parsed
            .role_bindings
            .iter()
            .filter(|binding| binding.profilo == profilo)
            .collect();
        let about = || {
            self.parsed
                .rules
                .iter()
                .filter(|r| r.is_about(rpc, tipo, nome))
        };
        let held = |rule: &PolicyRule| bindings.iter().any(|binding| binding.role == rule.role);
        let with = |eft: &str| -> Vec<&PolicyRule> {
            about().filter(|r| r.eft == eft && held(r)).collect()
        };
        let (allow, deny) = (with("allow"), with("deny"));
        let (made, manca) = if consentito {
            (allow, None)
        } else if !deny.is_empty() {
            (deny, Some("a `deny` row takes it away".to_owned()))
        } else if !allow.is_empty() {
            let manca = "the rows give it, the matcher of model.conf does not".to_owned();
            (allow, Some(manca))
        } else if bindings.is_empty() {
            let manca = format!("the policy has no profile `{profilo}`");
            (Vec::new(), Some(manca))
        } else {
            let others: Vec<String> = about()
                .filter(|r| r.eft == "allow")
                .map(|r| format!("`{}` ({FILE}:{})", r.role, r.line))
                .collect();
            let others = match others.len() {
                0 => "no role has it".to_owned(),
                _ => format!("these have it: {}", others.join(", ")),
            };
            let manca = format!("no row gives it to a role of `{profilo}`; {others}");
            (Vec::new(), Some(manca))
        };
        let bound = bindings
            .iter()
            .filter(|binding| made.iter().any(|rule| rule.role == binding.role));
        let mut lines: Vec<usize> = made.iter().map(|r| r.line).collect();
        lines.extend(bound.map(|binding| binding.line));
        PolicyExplanation {
            consentito,
            righe: lines.into_iter().map(|line| self.row(line)).collect(),
            manca,
        }
    }

    /// The table's answer.
    fn allows(&self, profilo: &str, rpc: &str, tipo: &str, nome: &str) -> bool {
        let decisione = self.profilo(profilo).and_then(|p| p.decision(rpc));
        decisione.is_some_and(|decisione| match tipo {
            CHIAMATA => true,
            FILTRO => decisione.filtro(nome),
            COLONNA => decisione.colonna(nome),
            _ => false,
        })
    }

    fn row(&self, line: usize) -> PolicyRow {
        let testo = self.source.policy.lines().nth(line.saturating_sub(1));
        PolicyRow {
            file: FILE,
            riga: line,
            testo: testo.unwrap_or_default().trim().to_owned(),
        }
    }
}
