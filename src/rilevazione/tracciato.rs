//! The four files: their columns, their natural keys, the temporary tables that receive them.
//!
//! The order of `colonne` is the order of the table's columns after `riga`, the line of the file: it is how a finding
//! made in SQL, such as a key that occurs twice, still has its line.

/// What a column holds; [`super::verifica`] has the checks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tipo {
    /// The code of a norm, being defined.
    NuovaNormativa,
    /// The code of a benefit, being defined.
    NuovaPrestazione,
    Descrizione,
    /// The code of a norm of the catalogue.
    Normativa,
    /// The code of a benefit of the catalogue.
    Prestazione,
    CodificaSistemaUnico,
    NumeroDecreto,
    Data,
    CodiceFiscale,
    Matricola,
    Ore,
    Importo,
    Anno,
    /// Whether the code of the employer is a natural person's: `S`, `N`, or empty, which leaves it to the form.
    PersonaFisica,
}

/// The layout of one file.
#[derive(Debug)]
pub(super) struct Tracciato {
    pub(super) colonne: &'static [(&'static str, Tipo)],
    /// Columns at the end of `colonne` that a file may do without: it says nothing there.
    pub(super) facoltative: usize,
    /// The columns of the natural key.
    pub(super) chiave: &'static [&'static str],
    /// The two columns that must be in order, if any.
    pub(super) in_ordine: Option<(&'static str, &'static str)>,
    /// Whether a file without rows is refused.
    pub(super) con_righe: bool,
    pub(super) tabella: &'static str,
    /// Creates `tabella`.
    pub(super) crea: &'static str,
}

/// `decreti.csv`
pub(super) static DECRETI: Tracciato = Tracciato {
    colonne: &[
        ("normativa", Tipo::Normativa),
        ("prestazione", Tipo::Prestazione),
        ("codifica_sistema_unico", Tipo::CodificaSistemaUnico),
        ("numero_decreto", Tipo::NumeroDecreto),
        ("data_decreto", Tipo::Data),
        ("validita_dal", Tipo::Data),
        ("validita_al", Tipo::Data),
        ("cf_azienda", Tipo::CodiceFiscale),
        ("matricola_azienda", Tipo::Matricola),
        ("ore_decretate", Tipo::Ore),
        ("importi_autorizzati", Tipo::Importo),
        ("importi_erogati", Tipo::Importo),
        ("persona_fisica", Tipo::PersonaFisica),
    ],
    facoltative: 1,
    // One line of a decree may be financed by two norms.
    chiave: &[
        "normativa",
        "prestazione",
        "codifica_sistema_unico",
        "numero_decreto",
        "data_decreto",
        "cf_azienda",
        "matricola_azienda",
        "validita_dal",
    ],
    in_ordine: Some(("validita_dal", "validita_al")),
    // A full extract that lost its rows on the way would end every row there is.
    con_righe: true,
    tabella: "estratto_decreti",
    crea: r#"
        create temporary table estratto_decreti (
            riga                   bigint not null,
            normativa              text collate "C" not null,
            prestazione            text collate "C" not null,
            codifica_sistema_unico text collate "C" not null,
            numero_decreto         text collate "C" not null,
            data_decreto           date not null,
            validita_dal           date not null,
            validita_al            date not null,
            cf_azienda             text collate "C" not null,
            matricola_azienda      text collate "C" not null,
            ore_decretate          numeric(18, 2) not null,
            importi_autorizzati    numeric(18, 2) not null,
            importi_erogati        numeric(18, 2) not null,
            persona_fisica         boolean not null
        ) on commit drop"#,
};

/// `stanziamenti.csv`
pub(super) static STANZIAMENTI: Tracciato = Tracciato {
    colonne: &[
        ("normativa", Tipo::Normativa),
        ("prestazione", Tipo::Prestazione),
        ("anno", Tipo::Anno),
        ("importo", Tipo::Importo),
    ],
    facoltative: 0,
    chiave: &["normativa", "prestazione", "anno"],
    in_ordine: None,
    con_righe: false,
    tabella: "estratto_stanziamenti",
    crea: r#"
        create temporary table estratto_stanziamenti (
            riga        bigint not null,
            normativa   text collate "C" not null,
            prestazione text collate "C" not null,
            anno        integer not null,
            importo     numeric(18, 2) not null
        ) on commit drop"#,
};

/// `normative.csv`
pub(super) static NORMATIVE: Tracciato = Tracciato {
    colonne: &[
        ("normativa", Tipo::NuovaNormativa),
        ("descrizione", Tipo::Descrizione),
    ],
    facoltative: 0,
    chiave: &["normativa"],
    in_ordine: None,
    con_righe: false,
    tabella: "estratto_normative",
    crea: r#"
        create temporary table estratto_normative (
            riga        bigint not null,
            normativa   text collate "C" not null,
            descrizione text not null
        ) on commit drop"#,
};

/// `prestazioni.csv`
pub(super) static PRESTAZIONI: Tracciato = Tracciato {
    colonne: &[
        ("prestazione", Tipo::NuovaPrestazione),
        ("descrizione", Tipo::Descrizione),
    ],
    facoltative: 0,
    chiave: &["prestazione"],
    in_ordine: None,
    con_righe: false,
    tabella: "estratto_prestazioni",
    crea: r#"
        create temporary table estratto_prestazioni (
            riga        bigint not null,
            prestazione text collate "C" not null,
            descrizione text not null
        ) on commit drop"#,
};
