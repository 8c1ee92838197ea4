//! Puts every question to Casbin once.

use std::collections::{BTreeMap, BTreeSet};

use casbin::{CoreApi as _, DefaultModel, Enforcer, MgmtApi as _, NullAdapter};

use super::{
    PolicyError,
    decision::{CallDecision, CasbinAnswers},
    rows::{CHIAMATA, COLONNA, FILE, FILTRO, NO_NAME, ParsedPolicy},
};
use crate::contract::vocabulary::Vocabulary;

/// Casbin's answers for each profile.
pub(super) async fn ask(
    model: &str,
    righe: &ParsedPolicy,
    vocabulary: &Vocabulary,
) -> Result<BTreeMap<String, CasbinAnswers>, Vec<PolicyError>> {
    let refused = |error: casbin::Error| {
        vec![PolicyError {
            file: "model.conf",
            at: None,
            reason: format!("Casbin refuses it: {error}"),
        }]
    };
    let enforcer = enforcer(model, righe).await.map_err(refused)?;
    let profili: BTreeSet<&str> = righe
        .role_bindings
        .iter()
        .map(|l| l.profilo.as_str())
        .collect();
    let mut answers = BTreeMap::new();
    let mut unfounded = Vec::new();
    for profilo in profili {
        let mut allowed = |rpc: &str, tipo: &str, nome: &str| {
            let answer = enforcer
                .enforce((profilo, rpc, tipo, nome))
                .map_err(refused)?;
            if answer && !is_stated(righe, profilo, rpc, tipo, nome) {
                unfounded.push(PolicyError {
                    file: FILE,
                    at: None,
                    reason: format!(
                        "the model allows ({profilo}, {rpc}, {tipo}, {nome}), but no row does"
                    ),
                });
            }
            Ok::<bool, Vec<PolicyError>>(answer)
        };
        let mut casbin_answers = CasbinAnswers::default();
        for (rpc, words) in vocabulary.iter() {
            let mut pick = |tipo: &str, names: &BTreeSet<String>| {
                let mut picked = BTreeSet::new();
                for nome in names {
                    if allowed(rpc, tipo, nome)? {
                        picked.insert(nome.clone());
                    }
                }
                Ok::<_, Vec<PolicyError>>(picked)
            };
            let decisione = CallDecision {
                rpc: rpc.to_owned(),
                filtri: pick(FILTRO, words.filtri())?,
                colonne: pick(COLONNA, words.colonne())?,
            };
            let may_call = allowed(rpc, CHIAMATA, NO_NAME)?;
            casbin_answers
                .0
                .insert(rpc.to_owned(), (may_call, decisione));
        }
        answers.insert(profilo.to_owned(), casbin_answers);
    }
    if unfounded.is_empty() {
        Ok(answers)
    } else {
        Err(unfounded)
    }
}

/// Whether a row allows it outright to a role that the profile holds. Casbin decides and may be stricter; that it is not
/// more generous is checked here, since a matcher written too wide would open every door at once.
fn is_stated(righe: &ParsedPolicy, profilo: &str, rpc: &str, tipo: &str, nome: &str) -> bool {
    righe.role_bindings.iter().any(|binding| {
        binding.profilo == profilo
            && righe.rules.iter().any(|rule| {
                rule.role == binding.role && rule.eft == "allow" && rule.is_about(rpc, tipo, nome)
            })
    })
}

/// An enforcer that holds these rows and no other: they do not pass through Casbin's own reader of CSV.
async fn enforcer(model: &str, righe: &ParsedPolicy) -> casbin::Result<Enforcer> {
    let model = DefaultModel::from_str(model).await?;
    let mut enforcer = Enforcer::new(model, NullAdapter).await?;
    let rules = righe.rules.iter().map(|r| {
        [&r.role, &r.rpc, &r.tipo, &r.nome, &r.eft]
            .map(Clone::clone)
            .to_vec()
    });
    enforcer.add_policies(rules.collect()).await?;
    let bindings = righe
        .role_bindings
        .iter()
        .map(|l| vec![l.profilo.clone(), l.role.clone()]);
    enforcer.add_grouping_policies(bindings.collect()).await?;
    enforcer.build_role_links()?;
    Ok(enforcer)
}
