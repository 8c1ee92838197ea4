//! Grants and steps as the contract has them.

use chrono::NaiveDate;

use crate::{
    abilitazione::grants::{Azione, Evento, Scheda, Situazione, Stato},
    contract::proto::{self, AzioneAbilitazione, StatoAbilitazione},
};

/// A grant, on a day.
pub(super) fn abilitazione(scheda: &Scheda, oggi: NaiveDate) -> proto::AbilitazioneAa07 {
    let aa07 = &scheda.aa07;
    let modulo = scheda.modulo.as_ref();
    proto::AbilitazioneAa07 {
        id: aa07.id,
        stato: situazione(scheda.situazione(oggi)).into(),
        soggetto: aa07.soggetto.clone(),
        ente: aa07.ente.clone(),
        applicazione: aa07.applicazione.clone(),
        profilo: aa07.profilo.clone(),
        ambito: Some((&aa07.ambito).into()),
        valida_dal: aa07.valida_dal.to_string(),
        valida_al: aa07.valida_al.to_string(),
        limiti: Some(proto::LimitiAbilitazione {
            reti: aa07.reti.testi(),
            orari: aa07.orari.testi(),
            finalita: aa07.finalita.testi(),
            certificati: aa07.certificati.testi(),
            quote: Some(proto::QuoteAbilitazione {
                al_secondo: aa07.quote.al_secondo.map(Into::into),
                esportazioni: aa07.quote.esportazioni.map(Into::into),
                al_giorno: aa07.quote.al_giorno.map(Into::into),
            }),
        }),
        protocollo_pec: modulo.map_or_else(String::new, |(p, _)| p.as_str().to_owned()),
        impronta_modulo: modulo.map_or_else(String::new, |(_, i)| i.to_string()),
        sostituisce: scheda.sostituisce.unwrap_or_default(),
        ultimo_passo: Some(passo(&scheda.ultimo)),
    }
}

/// A step.
pub(super) fn passo(evento: &Evento) -> proto::PassoAbilitazione {
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
        operatore: evento.operatore.nome().to_owned(),
        utente: evento.operatore.utente().unwrap_or_default().to_owned(),
        motivo: evento.motivo.clone(),
    }
}

fn situazione(situazione: Situazione) -> StatoAbilitazione {
    match situazione {
        Situazione::Richiesta => StatoAbilitazione::Richiesta,
        Situazione::Verificata => StatoAbilitazione::Verificata,
        Situazione::Futura => StatoAbilitazione::Futura,
        Situazione::Attiva => StatoAbilitazione::Attiva,
        Situazione::Sospesa => StatoAbilitazione::Sospesa,
        Situazione::Scaduta => StatoAbilitazione::Scaduta,
        Situazione::Revocata => StatoAbilitazione::Revocata,
        Situazione::Rifiutata => StatoAbilitazione::Rifiutata,
    }
}

fn stato(stato: Stato) -> StatoAbilitazione {
    match stato {
        Stato::Richiesta => StatoAbilitazione::Richiesta,
        Stato::Verificata => StatoAbilitazione::Verificata,
        Stato::Attiva => StatoAbilitazione::Attiva,
        Stato::Sospesa => StatoAbilitazione::Sospesa,
        Stato::Revocata => StatoAbilitazione::Revocata,
        Stato::Rifiutata => StatoAbilitazione::Rifiutata,
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
