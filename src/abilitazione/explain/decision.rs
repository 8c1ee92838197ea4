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
    /// Whoever has this profile.
    Profilo(String),
    /// A subject, with its grants.
    Soggetto(Box<SubjectGrants>),
}

/// Decides by `tabella`.
///
/// # Errors
/// What is no refusal.
pub(super) fn decide(
    tabella: &DecisionTable,
    chiesto: &AskedCall,
    chiamante: &ResolvedCaller,
) -> Result<Spiegazione> {
    let (profilo, aa07, rifiuto) = match chiamante {
        ResolvedCaller::Profilo(profilo) => (Some(profilo), None, None),
        ResolvedCaller::Soggetto(titolo) => match &titolo.effective {
            Ok(aa07) => (
                Some(&aa07.profilo),
                Some(aa07),
                titolo.limit_refusal.clone(),
            ),
            Err(rifiuto) => (None, None, Some(rifiuto.clone())),
        },
    };
    let rifiuto = match (rifiuto, profilo) {
        (None, Some(profilo)) => permit(tabella, chiesto, profilo, aa07)
            .err()
            .map(CallRefusal::from_error)
            .transpose()?,
        (rifiuto, _) => rifiuto,
    };
    let (motivo, messaggio, messaggio_it) = rifiuto
        .map(|r| (r.motivo, r.messaggio, r.italiano.to_owned()))
        .unwrap_or_default();
    Ok(Spiegazione {
        consentito: motivo == Reason::Unspecified,
        motivo: motivo.into(),
        messaggio,
        messaggio_it,
        profilo: profilo.cloned().unwrap_or_default(),
        abilitazioni: match chiamante {
            ResolvedCaller::Profilo(_) => Vec::new(),
            ResolvedCaller::Soggetto(titolo) => abilitazioni(titolo),
        },
        voci: profilo.map_or_else(Vec::new, |profilo| voci(tabella, chiesto, profilo)),
    })
}

/// As the door and `Abilitazione::permit` decide, in this order.
fn permit(
    tabella: &DecisionTable,
    chiesto: &AskedCall,
    profilo: &str,
    aa07: Option<&Aa07>,
) -> Result<()> {
    let denied = || {
        Error::new(
            Reason::CallDenied,
            "the profile of the grant may not make this call",
        )
    };
    let profilo = tabella.profilo(profilo).ok_or_else(denied)?;
    let decisione = profilo.decision(&chiesto.rpc).ok_or_else(denied)?;
    check_filtri(profilo, decisione, chiesto)?;
    if let Some(aa07) = aa07 {
        permitted_ambito(aa07, chiesto)?;
    }
    Ok(())
}

fn abilitazioni(titolo: &SubjectGrants) -> Vec<AbilitazioneSpiegata> {
    let decisiva = titolo.effective.as_ref().ok().map(|aa07| aa07.id);
    titolo
        .abilitazioni
        .iter()
        .map(|concessa| {
            let aa07 = &concessa.aa07;
            AbilitazioneSpiegata {
                abilitazione: aa07.id,
                ente: aa07.ente.clone(),
                profilo: aa07.profilo.clone(),
                valida_dal: aa07.valida_dal.to_string(),
                valida_al: aa07.valida_al.to_string(),
                stato: concessa.stato.to_string(),
                decisiva: decisiva == Some(aa07.id),
                reti: aa07.reti.texts(),
                orari: aa07.orari.texts(),
            }
        })
        .collect()
}

fn voci(tabella: &DecisionTable, chiesto: &AskedCall, profilo: &str) -> Vec<VoceSpiegata> {
    let call = std::iter::once(("chiamata", NO_NAME));
    let filtri = chiesto.filtri.iter().map(|nome| ("filtro", nome.as_str()));
    let colonne = chiesto
        .colonne
        .iter()
        .map(|nome| ("colonna", nome.as_str()));
    call.chain(filtri)
        .chain(colonne)
        .map(|(tipo, nome)| {
            let perche = tabella.explain(profilo, &chiesto.rpc, tipo, nome);
            VoceSpiegata {
                tipo: tipo.to_owned(),
                nome: nome.to_owned(),
                consentito: perche.consentito,
                righe: perche
                    .righe
                    .into_iter()
                    .map(|riga| RigaPolitica {
                        file: riga.file.to_owned(),
                        riga: number(riga.riga),
                        testo: riga.testo,
                    })
                    .collect(),
                manca: perche.manca.unwrap_or_default(),
            }
        })
        .collect()
}

/// A line or a column: no text that fits into a request has more than an i32 counts.
pub(super) fn number(n: usize) -> i32 {
    i32::try_from(n).unwrap_or(i32::MAX)
}
