//! Grants and steps as the contract has them.

use chrono::NaiveDate;

use crate::{
    abilitazione::grants::{Azione, EffectiveStato, EventoAa07, GrantRecord, StatoAa07},
    contract::proto::{self, AzioneAbilitazione, StatoAbilitazione},
};

/// A grant, on a day.
pub(super) fn abilitazione(grant_record: &GrantRecord, oggi: NaiveDate) -> proto::AbilitazioneAa07 {
    let aa07 = &grant_record.aa07;
    let modulo = grant_record.modulo.as_ref();
    proto::AbilitazioneAa07 {
        id: aa07.id,
        stato: effective_stato(grant_record.effective_stato(oggi)).into(),
        soggetto: aa07.soggetto.clone(),
        ente: aa07.ente.clone(),
        applicazione: aa07.applicazione.clone(),
        profilo: aa07.profilo.clone(),
        ambito: Some((&aa07.ambito).into()),
        valida_dal: aa07.valida_dal.to_string(),
        valida_al: aa07.valida_al.to_string(),
        limiti: Some(proto::LimitiAbilitazione {
            reti: aa07.reti.texts(),
            orari: aa07.orari.texts(),
            finalita: aa07.finalita.texts(),
            certificati: aa07.certificati.texts(),
            quote: Some(proto::QuoteAbilitazione {
                al_secondo: aa07.quote.al_secondo.map(Into::into),
                esportazioni: aa07.quote.esportazioni.map(Into::into),
                al_giorno: aa07.quote.al_giorno.map(Into::into),
            }),
        }),
        protocollo_pec: modulo.map_or_else(String::new, |(p, _)| p.as_str().to_owned()),
        impronta_modulo: modulo.map_or_else(String::new, |(_, i)| i.to_string()),
        sostituisce: grant_record.sostituisce.unwrap_or_default(),
        ultimo_passo: Some(passo(&grant_record.last)),
    }
}

/// A step.
pub(super) fn passo(evento: &EventoAa07) -> proto::PassoAbilitazione {
    proto::PassoAbilitazione {
        versione: evento.versione,
        azione: azione(evento.azione).into(),
        da_stato: evento
            .da_stato
            .map_or(StatoAbilitazione::Unspecified, stato)
            .into(),
        a_stato: stato(evento.a_stato).into(),
        istante: Some(prost_types::Timestamp {
            seconds: evento.istante.timestamp(),
            // Postgres keeps microseconds, and a leap second cannot come from it: always below 10^9.
            nanos: evento.istante.timestamp_subsec_nanos() as i32,
        }),
        operatore: evento.operatore.name().to_owned(),
        utente: evento.operatore.utente().unwrap_or_default().to_owned(),
        motivo: evento.motivo.clone(),
    }
}

fn effective_stato(situation: EffectiveStato) -> StatoAbilitazione {
    match situation {
        EffectiveStato::Richiesta => StatoAbilitazione::Richiesta,
        EffectiveStato::Verificata => StatoAbilitazione::Verificata,
        EffectiveStato::Futura => StatoAbilitazione::Futura,
        EffectiveStato::Attiva => StatoAbilitazione::Attiva,
        EffectiveStato::Sospesa => StatoAbilitazione::Sospesa,
        EffectiveStato::Scaduta => StatoAbilitazione::Scaduta,
        EffectiveStato::Revocata => StatoAbilitazione::Revocata,
        EffectiveStato::Rifiutata => StatoAbilitazione::Rifiutata,
    }
}

fn stato(stato: StatoAa07) -> StatoAbilitazione {
    match stato {
        StatoAa07::Richiesta => StatoAbilitazione::Richiesta,
        StatoAa07::Verificata => StatoAbilitazione::Verificata,
        StatoAa07::Attiva => StatoAbilitazione::Attiva,
        StatoAa07::Sospesa => StatoAbilitazione::Sospesa,
        StatoAa07::Revocata => StatoAbilitazione::Revocata,
        StatoAa07::Rifiutata => StatoAbilitazione::Rifiutata,
    }
}

fn azione(azione: Azione) -> AzioneAbilitazione {
    match azione {
        Azione::Richiesta => AzioneAbilitazione::Richiesta,
        Azione::Verifica => AzioneAbilitazione::Verifica,
        Azione::Approvazione => AzioneAbilitazione::Approvazione,
        Azione::Sospensione => AzioneAbilitazione::Sospensione,
        Azione::Riattivazione => AzioneAbilitazione::Riattivazione,
        Azione::Revoca => AzioneAbilitazione::Revoca,
    }
}
