//! The columns of answers. Who asks whether a caller sees one names it here: a typo does not compile.

/// A column, as the contract and the policy name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Column {
    /// `cessate`.
    Cessate,
    /// `cf_azienda`.
    CfAzienda,
    /// `cf_azienda.persona_fisica`: a natural person's, in clear.
    CfAziendaPersonaFisica,
    /// `codifica_sistema_unico`.
    CodificaSistemaUnico,
    /// `competenza_accordo`.
    CompetenzaAccordo,
    /// `competenza_attesa`.
    CompetenzaAttesa,
    /// `competenza_effettiva`.
    CompetenzaEffettiva,
    /// `competenza_massima`.
    CompetenzaMassima,
    /// `competenza_minima`.
    CompetenzaMinima,
    /// `competenza_nota`.
    CompetenzaNota,
    /// `competenza_prevista`.
    CompetenzaPrevista,
    /// `data_decreto`.
    DataDecreto,
    /// `descrizione`.
    Descrizione,
    /// `erogazione_prevista`.
    ErogazionePrevista,
    /// `errore`.
    Errore,
    /// `errore_medio`.
    ErroreMedio,
    /// `esito`.
    Esito,
    /// `fattore`.
    Fattore,
    /// `importi_autorizzati`.
    ImportiAutorizzati,
    /// `importi_erogati`.
    ImportiErogati,
    /// `matricola_azienda`.
    MatricolaAzienda,
    /// `mese_raggiungimento`.
    MeseRaggiungimento,
    /// `normativa`.
    Normativa,
    /// `numero_decreto`.
    NumeroDecreto,
    /// `nuove`.
    Nuove,
    /// `ore_decretate`.
    OreDecretate,
    /// `prestazione`.
    Prestazione,
    /// `residuo_autorizzato`.
    ResiduoAutorizzato,
    /// `residuo_in_prospettiva`.
    ResiduoInProspettiva,
    /// `residuo_oggi`.
    ResiduoOggi,
    /// `residuo_pagato`.
    ResiduoPagato,
    /// `righe`.
    Righe,
    /// `stato`.
    Stato,
    /// `tipo_stanziamento`.
    TipoStanziamento,
    /// `tiraggio`.
    Tiraggio,
    /// `totale_stanziamenti`.
    TotaleStanziamenti,
    /// `validita_al`.
    ValiditaAl,
    /// `validita_dal`.
    ValiditaDal,
    /// `variate`.
    Variate,
}

impl Column {
    /// All of them, by name.
    pub const ALL: [Self; 39] = [
        Self::Cessate,
        Self::CfAzienda,
        Self::CfAziendaPersonaFisica,
        Self::CodificaSistemaUnico,
        Self::CompetenzaAccordo,
        Self::CompetenzaAttesa,
        Self::CompetenzaEffettiva,
        Self::CompetenzaMassima,
        Self::CompetenzaMinima,
        Self::CompetenzaNota,
        Self::CompetenzaPrevista,
        Self::DataDecreto,
        Self::Descrizione,
        Self::ErogazionePrevista,
        Self::Errore,
        Self::ErroreMedio,
        Self::Esito,
        Self::Fattore,
        Self::ImportiAutorizzati,
        Self::ImportiErogati,
        Self::MatricolaAzienda,
        Self::MeseRaggiungimento,
        Self::Normativa,
        Self::NumeroDecreto,
        Self::Nuove,
        Self::OreDecretate,
        Self::Prestazione,
        Self::ResiduoAutorizzato,
        Self::ResiduoInProspettiva,
        Self::ResiduoOggi,
        Self::ResiduoPagato,
        Self::Righe,
        Self::Stato,
        Self::TipoStanziamento,
        Self::Tiraggio,
        Self::TotaleStanziamenti,
        Self::ValiditaAl,
        Self::ValiditaDal,
        Self::Variate,
    ];

    /// Its name in the contract and in the policy.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Cessate => "cessate",
            Self::CfAzienda => "cf_azienda",
            Self::CfAziendaPersonaFisica => "cf_azienda.persona_fisica",
            Self::CodificaSistemaUnico => "codifica_sistema_unico",
            Self::CompetenzaAccordo => "competenza_accordo",
            Self::CompetenzaAttesa => "competenza_attesa",
            Self::CompetenzaEffettiva => "competenza_effettiva",
            Self::CompetenzaMassima => "competenza_massima",
            Self::CompetenzaMinima => "competenza_minima",
            Self::CompetenzaNota => "competenza_nota",
            Self::CompetenzaPrevista => "competenza_prevista",
            Self::DataDecreto => "data_decreto",
            Self::Descrizione => "descrizione",
            Self::ErogazionePrevista => "erogazione_prevista",
            Self::Errore => "errore",
            Self::ErroreMedio => "errore_medio",
            Self::Esito => "esito",
            Self::Fattore => "fattore",
            Self::ImportiAutorizzati => "importi_autorizzati",
            Self::ImportiErogati => "importi_erogati",
            Self::MatricolaAzienda => "matricola_azienda",
            Self::MeseRaggiungimento => "mese_raggiungimento",
            Self::Normativa => "normativa",
            Self::NumeroDecreto => "numero_decreto",
            Self::Nuove => "nuove",
            Self::OreDecretate => "ore_decretate",
            Self::Prestazione => "prestazione",
            Self::ResiduoAutorizzato => "residuo_autorizzato",
            Self::ResiduoInProspettiva => "residuo_in_prospettiva",
            Self::ResiduoOggi => "residuo_oggi",
            Self::ResiduoPagato => "residuo_pagato",
            Self::Righe => "righe",
            Self::Stato => "stato",
            Self::TipoStanziamento => "tipo_stanziamento",
            Self::Tiraggio => "tiraggio",
            Self::TotaleStanziamenti => "totale_stanziamenti",
            Self::ValiditaAl => "validita_al",
            Self::ValiditaDal => "validita_dal",
            Self::Variate => "variate",
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::contract::vocabulary::Vocabulary;

    #[test]
    fn they_are_the_words_of_the_contract() {
        let vocabulary = Vocabulary::of_contract().unwrap();
        let words: BTreeSet<&str> = vocabulary
            .iter()
            .flat_map(|(_, words)| words.colonne())
            .map(String::as_str)
            .collect();
        let names = Column::ALL.map(Column::name);
        assert_eq!(words, BTreeSet::from(names));
    }
}
