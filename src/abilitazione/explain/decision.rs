//! The decision on the call that is asked about, by the functions that decide on real calls.

use super::{question::AskedCall, refusal::CallRefusal, subject_grants::SubjectGrants};
use crate::{
    abilitazione::{
        DecisionTable,
        gate::permesso::{check_filtri, permitted_ambito},
        grants::Aa07,
    },
    contract::proto::{AbilitazioneSpiegata, RigaPolitica, Spiegazione, VoceSpiegata},
    error::{Error, Reason, Result},
};

/// The `nome` of a call in the policy.
const NO_NAME: &str = "-";

/// Who would make the call.
#[derive(Debug)]
pub(super) enum ResolvedCaller {
    /// Any caller with this profile.
    Profilo(String),
    /// A subject, with its grants.
    Soggetto(Box<SubjectGrants>),
}

/// Decides by `table`.
///
/// # Errors
/// What is no refusal.
pub(super) fn decide(
    table: &DecisionTable,
    asked: &AskedCall,
    caller: &ResolvedCaller,
) -> Result<Spiegazione> {
    let (profilo, aa07, refusal) = match caller {
        ResolvedCaller::Profilo(profilo) => (Some(profilo), None, None),
        ResolvedCaller::Soggetto(grants_of_subject) => match &grants_of_subject.effective {
            Ok(aa07) => (
                Some(&aa07.profilo),
                Some(aa07),
                grants_of_subject.limit_refusal.clone(),
            ),
            Err(refusal) => (None, None, Some(refusal.clone())),
        },
    };
    let refusal = match (refusal, profilo) {
        (None, Some(profilo)) => permit(table, asked, profilo, aa07)
            .err()
            .map(CallRefusal::from_error)
            .transpose()?,
        (refusal, _) => refusal,
    };
    let (motivo, messaggio, messaggio_it) = refusal
        .map(|r| (r.motivo, r.messaggio, r.italian.to_owned()))
        .unwrap_or_default();
    Ok(Spiegazione {
        consentito: motivo == Reason::Unspecified,
        motivo: motivo.into(),
        messaggio,
        messaggio_it,
        profilo: profilo.cloned().unwrap_or_default(),
        abilitazioni: match caller {
            ResolvedCaller::Profilo(_) => Vec::new(),
            ResolvedCaller::Soggetto(grants_of_subject) => abilitazioni(grants_of_subject),
        },
        voci: profilo.map_or_else(Vec::new, |profilo| voci(table, asked, profilo)),
    })
}

/// As the door and `Abilitazione::permit` decide, in this order.
fn permit(
    table: &DecisionTable,
    asked: &AskedCall,
    profilo: &str,
    aa07: Option<&Aa07>,
) -> Result<()> {
    let denied = || {
        Error::new(
            Reason::CallDenied,
            "the profile of the grant may not make this call",
        )
    };
    let profilo = table.profilo(profilo).ok_or_else(denied)?;
    let decisione = profilo.decision(&asked.rpc).ok_or_else(denied)?;
    check_filtri(profilo, decisione, asked)?;
    if let Some(aa07) = aa07 {
        permitted_ambito(aa07, asked)?;
    }
    Ok(())
}

fn abilitazioni(grants_of_subject: &SubjectGrants) -> Vec<AbilitazioneSpiegata> {
    let decisiva = grants_of_subject
        .effective
        .as_ref()
        .ok()
        .map(|aa07| aa07.id);
    grants_of_subject
        .abilitazioni
        .iter()
        .map(|granted| {
            let aa07 = &granted.aa07;
            AbilitazioneSpiegata {
                abilitazione: aa07.id,
                ente: aa07.ente.clone(),
                profilo: aa07.profilo.clone(),
                valida_dal: aa07.valida_dal.to_string(),
                valida_al: aa07.valida_al.to_string(),
                stato: granted.stato.to_string(),
                decisiva: decisiva == Some(aa07.id),
                reti: aa07.reti.texts(),
                orari: aa07.orari.texts(),
            }
        })
        .collect()
}

fn voci(table: &DecisionTable, asked: &AskedCall, profilo: &str) -> Vec<VoceSpiegata> {
    let call = std::iter::once(("chiamata", NO_NAME));
    let filtri = asked.filtri.iter().map(|nome| ("filtro", nome.as_str()));
    let colonne = asked.colonne.iter().map(|nome| ("colonna", nome.as_str()));
    call.chain(filtri)
        .chain(colonne)
        .map(|(tipo, nome)| {
            let why = table.explain(profilo, &asked.rpc, tipo, nome);
            VoceSpiegata {
                tipo: tipo.to_owned(),
                nome: nome.to_owned(),
                consentito: why.consentito,
                righe: why
                    .righe
                    .into_iter()
                    .map(|riga| RigaPolitica {
                        file: riga.file.to_owned(),
                        riga: number(riga.riga),
                        testo: riga.testo,
                    })
                    .collect(),
                manca: why.manca.unwrap_or_default(),
            }
        })
        .collect()
}

/// A line or a column: no text that fits into a request has more than an i32 counts.
pub(super) fn number(n: usize) -> i32 {
    i32::try_from(n).unwrap_or(i32::MAX)
}
