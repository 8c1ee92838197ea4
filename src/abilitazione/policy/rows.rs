//! Reads the rows of `policy.csv`, and lists everything that is wrong with each.
//!
//! ```text
//! p, decreti, DecreeService/ListDecrees, filtro, periodo, allow
//! g, mef-rgs, decreti
//! ```

use super::PolicyError;
use crate::contract::vocabulary::{RpcVocabulary, Vocabulary};

pub(super) const FILE: &str = "policy.csv";
pub(super) const CHIAMATA: &str = "chiamata";
pub(super) const FILTRO: &str = "filtro";
pub(super) const COLONNA: &str = "colonna";
/// The `nome` of a call.
pub(super) const NO_NAME: &str = "-";

/// A `p` row: what a role may, or may not, do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PolicyRule {
    pub(super) line: usize,
    pub(super) role: String,
    pub(super) rpc: String,
    pub(super) tipo: String,
    pub(super) nome: String,
    pub(super) eft: String,
}

impl PolicyRule {
    pub(super) fn is_about(&self, rpc: &str, tipo: &str, nome: &str) -> bool {
        self.rpc == rpc && self.tipo == tipo && self.nome == nome
    }
}

/// A `g` row: a profile holds a role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct RoleBinding {
    pub(super) line: usize,
    pub(super) profilo: String,
    pub(super) role: String,
}

/// The rows of a policy.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct ParsedPolicy {
    pub(super) rules: Vec<PolicyRule>,
    pub(super) role_bindings: Vec<RoleBinding>,
}

/// One field of a row and its column, from 1, in characters.
struct Field<'a> {
    column: usize,
    text: &'a str,
}

/// The good rows and all the errors.
pub(super) fn parse(policy: &str, vocabulary: &Vocabulary) -> (ParsedPolicy, Vec<PolicyError>) {
    let mut righe = ParsedPolicy::default();
    let mut errors = Vec::new();
    for (line, text) in (1..).zip(policy.lines()) {
        if text.trim().is_empty() || text.trim_start().starts_with('#') {
            continue;
        }
        let row = fields(text);
        let known = errors.len();
        let mut error = |column: usize, reason: String| {
            errors.push(PolicyError {
                file: FILE,
                at: Some((line, column)),
                reason,
            });
        };
        match (row[0].text, row.as_slice()) {
            ("p", [_, role, rpc, tipo, nome, eft]) => {
                check_name(role, &mut error);
                check_words(rpc, tipo, nome, vocabulary, &mut error);
                if !matches!(eft.text, "allow" | "deny") {
                    error(
                        eft.column,
                        format!("the effect must be `allow` or `deny`, not `{}`", eft.text),
                    );
                }
                let rule = PolicyRule {
                    line,
                    role: role.text.to_owned(),
                    rpc: rpc.text.to_owned(),
                    tipo: tipo.text.to_owned(),
                    nome: nome.text.to_owned(),
                    eft: eft.text.to_owned(),
                };
                // Whatever their effects: the same row with two effects contradicts itself.
                if let Some(first) = righe
                    .rules
                    .iter()
                    .find(|r| r.role == rule.role && r.is_about(&rule.rpc, &rule.tipo, &rule.nome))
                {
                    error(1, format!("says again what line {} says", first.line));
                }
                if errors.len() == known {
                    righe.rules.push(rule);
                }
            }
            ("g", [_, profilo, role]) => {
                check_name(profilo, &mut error);
                check_name(role, &mut error);
                let binding = RoleBinding {
                    line,
                    profilo: profilo.text.to_owned(),
                    role: role.text.to_owned(),
                };
                if let Some(first) = righe
                    .role_bindings
                    .iter()
                    .find(|l| (&l.profilo, &l.role) == (&binding.profilo, &binding.role))
                {
                    error(1, format!("says again what line {} says", first.line));
                }
                if errors.len() == known {
                    righe.role_bindings.push(binding);
                }
            }
            ("p", row) => error(
                1,
                format!(
                    "a `p` row has 6 columns, not {}: p, ruolo, rpc, tipo, nome, effect",
                    row.len()
                ),
            ),
            ("g", row) => error(
                1,
                format!(
                    "a `g` row has 3 columns, not {}: g, profilo, ruolo",
                    row.len()
                ),
            ),
            (other, _) => error(
                row[0].column,
                format!("the type of a row must be `p` or `g`, not `{other}`"),
            ),
        }
    }
    (righe, errors)
}

/// Never empty: a text without a comma is one field.
fn fields(line: &str) -> Vec<Field<'_>> {
    let mut start = 1;
    line.split(',')
        .map(|raw| {
            let blanks = raw.chars().take_while(|c| c.is_whitespace()).count();
            let field = Field {
                column: start + blanks,
                text: raw.trim(),
            };
            start += raw.chars().count() + 1;
            field
        })
        .collect()
}

fn check_name(field: &Field<'_>, error: &mut impl FnMut(usize, String)) {
    let good = (1..=64).contains(&field.text.len())
        && field
            .text
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    if !good {
        error(
            field.column,
            format!(
                "the name of a profile or role is 1 to 64 lower-case letters, digits and dashes, not `{}`",
                field.text
            ),
        );
    }
}

fn check_words(
    rpc: &Field<'_>,
    tipo: &Field<'_>,
    nome: &Field<'_>,
    vocabulary: &Vocabulary,
    error: &mut impl FnMut(usize, String),
) {
    let words = vocabulary.rpc(rpc.text);
    if words.is_none() {
        error(
            rpc.column,
            format!("the contract has no call `{}`", rpc.text),
        );
    }
    let knows = |names: fn(&RpcVocabulary) -> &std::collections::BTreeSet<String>| {
        words.is_none_or(|words| names(words).contains(nome.text))
    };
    match tipo.text {
        CHIAMATA if nome.text != NO_NAME => error(
            nome.column,
            format!(
                "a `{CHIAMATA}` row names nothing: `{NO_NAME}`, not `{}`",
                nome.text
            ),
        ),
        FILTRO if !knows(RpcVocabulary::filtri) => error(
            nome.column,
            format!("`{}` has no filter `{}`", rpc.text, nome.text),
        ),
        COLONNA if !knows(RpcVocabulary::colonne) => error(
            nome.column,
            format!("`{}` has no column `{}`", rpc.text, nome.text),
        ),
        CHIAMATA | FILTRO | COLONNA => {}
        other => error(
            tipo.column,
            format!("the tipo must be `{CHIAMATA}`, `{FILTRO}` or `{COLONNA}`, not `{other}`"),
        ),
    }
}
