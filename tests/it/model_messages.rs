//! The independent model in the words of the contract.

use omnia::contract::proto::{self, DettaglioDecreto, TotaliControllo};

use crate::model::{Cents, ModelCriterio, ModelFilter, ModelRow, date_text, euro};

pub fn dettaglio(r: &ModelRow) -> DettaglioDecreto {
    DettaglioDecreto {
        prestazione: r.prestazione.into(),
        codifica_sistema_unico: r.codifica.into(),
        numero_decreto: r.numero.into(),
        data_decreto: date_text(r.data),
        validita_dal: date_text(r.dal),
        validita_al: date_text(r.al),
        cf_azienda: r.cf.into(),
        matricola_azienda: r.matricola.into(),
        ore_decretate: euro(r.ore.into()),
        importi_autorizzati: euro(r.autorizzati.into()),
        importi_erogati: euro(r.erogati.into()),
    }
}

pub fn totali(righe: &[&ModelRow]) -> TotaliControllo {
    let sum =
        |column: fn(&ModelRow) -> u64| euro(righe.iter().map(|r| Cents::from(column(r))).sum());
    TotaliControllo {
        righe: i64::try_from(righe.len()).unwrap(),
        ore_decretate: sum(|r| r.ore),
        importi_autorizzati: sum(|r| r.autorizzati),
        importi_erogati: sum(|r| r.erogati),
    }
}

pub fn periodo(filtro: &ModelFilter) -> Option<proto::Periodo> {
    filtro.periodo.map(|(dal, al, criterio)| proto::Periodo {
        dal: dal.map(date_text).unwrap_or_default(),
        al: al.map(date_text).unwrap_or_default(),
        criterio: match criterio {
            ModelCriterio::Sovrapposizione => proto::CriterioPeriodo::Sovrapposizione.into(),
            ModelCriterio::InizioValidita => proto::CriterioPeriodo::InizioValidita.into(),
        },
    })
}

pub fn filtro_report(filtro: &ModelFilter) -> proto::FiltroReport {
    let texts = |codes: &std::collections::BTreeSet<&'static str>| {
        codes.iter().map(|c| (*c).to_owned()).collect()
    };
    proto::FiltroReport {
        normativa: texts(&filtro.normative),
        prestazione: texts(&filtro.prestazioni),
        periodo: periodo(filtro),
    }
}

pub fn filtro_decreti(filtro: &ModelFilter) -> proto::FiltroDecreti {
    let text = |value: Option<&str>| value.unwrap_or_default().to_owned();
    proto::FiltroDecreti {
        codifica_sistema_unico: text(filtro.codifica),
        numero_decreto: text(filtro.numero),
        periodo: periodo(filtro),
        cf_azienda: text(filtro.cf),
        matricola_azienda: text(filtro.matricola),
    }
}
