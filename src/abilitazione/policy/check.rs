//! Checks a policy as a whole: that its rows speak of everything and of nothing else, and that no profile gets through
//! one door what another closes.

use std::collections::BTreeSet;

use super::{
    PolicyError,
    decision::CasbinAnswers,
    rows::{CHIAMATA, COLONNA, FILE, FILTRO, NO_NAME, ParsedPolicy},
};
use crate::contract::vocabulary::{PERSONA_FISICA, Vocabulary};

/// Each profile costs Casbin every question of the contract.
const MAX_PROFILI: usize = 64;

fn error(line: Option<usize>, reason: String) -> PolicyError {
    PolicyError {
        file: FILE,
        at: line.map(|line| (line, 1)),
        reason,
    }
}

/// What is wrong with the rows taken together.
pub(super) fn rows(righe: &ParsedPolicy, vocabulary: &Vocabulary) -> Vec<PolicyError> {
    let mut errors = Vec::new();
    // An empty policy is not a policy that refuses: Casbin asks the matcher with empty strings.
    if righe.rules.is_empty() {
        errors.push(error(None, "there is no `p` row".to_owned()));
    }
    if righe.role_bindings.is_empty() {
        errors.push(error(
            None,
            "there is no `g` row, hence no profile".to_owned(),
        ));
    }
    let profili: BTreeSet<&str> = righe
        .role_bindings
        .iter()
        .map(|l| l.profilo.as_str())
        .collect();
    if profili.len() > MAX_PROFILI {
        let reason = format!(
            "there are {} profiles, more than {MAX_PROFILI}",
            profili.len()
        );
        errors.push(error(None, reason));
    }
    let roles: BTreeSet<&str> = righe.rules.iter().map(|r| r.role.as_str()).collect();
    for binding in &righe.role_bindings {
        if !roles.contains(binding.role.as_str()) {
            let reason = format!("no `p` row gives anything to the role `{}`", binding.role);
            errors.push(error(Some(binding.line), reason));
        }
        // Casbin takes a name for a member of itself: a grant could name the role.
        if roles.contains(binding.profilo.as_str()) {
            let reason = format!(
                "`{}` is a role and cannot be a profile too",
                binding.profilo
            );
            errors.push(error(Some(binding.line), reason));
        }
    }
    for role in roles {
        if !righe
            .role_bindings
            .iter()
            .any(|binding| binding.role == role)
        {
            errors.push(error(None, format!("no profile holds the role `{role}`")));
        }
    }
    for (rpc, words) in vocabulary.iter() {
        let mut needs = |tipo: &str, nome: &str, what: String| {
            if !righe.rules.iter().any(|r| r.is_about(rpc, tipo, nome)) {
                errors.push(error(None, format!("no row speaks of {what}")));
            }
        };
        needs(CHIAMATA, NO_NAME, format!("the call `{rpc}`"));
        for filtro in words.filtri() {
            needs(FILTRO, filtro, format!("the filter `{filtro}` of `{rpc}`"));
        }
        for colonna in words.colonne() {
            needs(
                COLONNA,
                colonna,
                format!("the column `{colonna}` of `{rpc}`"),
            );
        }
    }
    errors
}

/// What is wrong with what a profile is allowed: each finding is either a row that misleads its reader or a back door.
pub(super) fn answers(
    profilo: &str,
    answers: &CasbinAnswers,
    vocabulary: &Vocabulary,
) -> Vec<PolicyError> {
    let mut errors = Vec::new();
    let mut refuse = |reason: String| {
        errors.push(error(None, format!("profile `{profilo}`: {reason}")));
    };
    for (rpc, decisione) in answers.iter() {
        if !answers.may_call(rpc) {
            for (what, names) in [
                ("filter", &decisione.filtri),
                ("column", &decisione.colonne),
            ] {
                for nome in names {
                    refuse(format!(
                        "may use the {what} `{nome}` of `{rpc}`, but not call it"
                    ));
                }
            }
            continue;
        }
        for (verb, names) in [
            ("filters by", &decisione.filtri),
            ("sees", &decisione.colonne),
        ] {
            for nome in names {
                if let Some(whole) = nome.strip_suffix(PERSONA_FISICA)
                    && !names.contains(whole)
                {
                    refuse(format!("{verb} `{nome}` of `{rpc}`, but not `{whole}`"));
                }
            }
        }
        // Who may ask "is it X?" can see X: the column, where a call of this service has it, must be in the clear.
        let service = rpc.split('/').next().unwrap_or_default();
        for filtro in &decisione.filtri {
            for (other, words) in vocabulary.iter() {
                if other.split('/').next() != Some(service) || !answers.may_call(other) {
                    continue;
                }
                if words.colonne().contains(filtro) && !answers.may_see(other, filtro) {
                    refuse(format!(
                        "may filter `{rpc}` by `{filtro}`, but `{other}` hides `{filtro}` from it: \
                         a filter would tell what the column hides"
                    ));
                }
            }
        }
    }
    errors
}
