//! The four files: their columns, their natural keys, the temporary tables that receive them.
//!
//! The order of `colonne` is the order of the table's columns after `riga`, the line of the file: it is how a finding
//! made in SQL, such as a key that occurs twice, still has its line.

/// What a column holds; [`super::verify`] has the checks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FieldType {
    /// The code of a norm, being defined.
    NewNormativa,
    /// The code of a benefit, being defined.
    NewPrestazione,
    Descrizione,
    /// The code of a norm of the catalogue.
    Normativa,
    /// The code of a benefit of the catalogue.
    Prestazione,
    CodificaSistemaUnico,
    NumeroDecreto,
    Date,
    CodiceFiscale,
    Matricola,
    Ore,
    Importo,
    Year,
    /// Whether the code of the employer is a natural person's: `S`, `N`, or empty, which leaves it to the form.
    PersonaFisica,
    /// The kind of an appropriation: `LIMITE`, `PREVISIONE`, or empty, which is the first.
    TipoStanziamento,
}

/// The layout of one file.
#[derive(Debug)]
pub(super) struct FileLayout {
    pub(super) columns: &'static [(&'static str, FieldType)],
    /// Columns at the end of `colonne` that a file may do without: it says nothing there.
    pub(super) optional: usize,
    /// The columns of the natural key.
    pub(super) key: &'static [&'static str],
    /// The two columns that must be in order, if any.
    pub(super) in_order: Option<(&'static str, &'static str)>,
    /// Whether a file without rows is refused.
    pub(super) needs_rows: bool,
    pub(super) table: &'static str,
    /// Creates the table.
    pub(super) create: &'static str,
}

/// `decreti.csv`
pub(super) static DECRETI: FileLayout = FileLayout {
    columns: &[
        ("normativa", FieldType::Normativa),
        ("prestazione", FieldType::Prestazione),
        ("codifica_sistema_unico", FieldType::CodificaSistemaUnico),
        ("numero_decreto", FieldType::NumeroDecreto),
        ("data_decreto", FieldType::Date),
        ("validita_dal", FieldType::Date),
        ("validita_al", FieldType::Date),
        ("cf_azienda", FieldType::CodiceFiscale),
        ("matricola_azienda", FieldType::Matricola),
        ("ore_decretate", FieldType::Ore),
        ("importi_autorizzati", FieldType::Importo),
        ("importi_erogati", FieldType::Importo),
        ("persona_fisica", FieldType::PersonaFisica),
    ],
    optional: 1,
    // One line of a decree may be financed by two norms.
    key: &[
        "normativa",
        "prestazione",
        "codifica_sistema_unico",
        "numero_decreto",
        "data_decreto",
        "cf_azienda",
        "matricola_azienda",
        "validita_dal",
    ],
    in_order: Some(("validita_dal", "validita_al")),
    // A full extract that lost its rows on the way would end every row there is.
    needs_rows: true,
    table: "estratto_decreti",
    create: r#"
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
pub(super) static STANZIAMENTI: FileLayout = FileLayout {
    columns: &[
        ("normativa", FieldType::Normativa),
        ("prestazione", FieldType::Prestazione),
        ("anno", FieldType::Year),
        ("importo", FieldType::Importo),
        ("tipo", FieldType::TipoStanziamento),
    ],
    optional: 1,
    key: &["normativa", "prestazione", "anno"],
    in_order: None,
    needs_rows: false,
    table: "estratto_stanziamenti",
    create: r#"
        create temporary table estratto_stanziamenti (
            riga        bigint not null,
            normativa   text collate "C" not null,
            prestazione text collate "C" not null,
            anno        integer not null,
            importo     numeric(18, 2) not null,
            tipo        text collate "C" not null
        ) on commit drop"#,
};

/// `normative.csv`
pub(super) static NORMATIVE: FileLayout = FileLayout {
    columns: &[
        ("normativa", FieldType::NewNormativa),
        ("descrizione", FieldType::Descrizione),
    ],
    optional: 0,
    key: &["normativa"],
    in_order: None,
    needs_rows: false,
    table: "estratto_normative",
    create: r#"
        create temporary table estratto_normative (
            riga        bigint not null,
            normativa   text collate "C" not null,
            descrizione text not null
        ) on commit drop"#,
};

/// `prestazioni.csv`
pub(super) static PRESTAZIONI: FileLayout = FileLayout {
    columns: &[
        ("prestazione", FieldType::NewPrestazione),
        ("descrizione", FieldType::Descrizione),
    ],
    optional: 0,
    key: &["prestazione"],
    in_order: None,
    needs_rows: false,
    table: "estratto_prestazioni",
    create: r#"
        create temporary table estratto_prestazioni (
            riga        bigint not null,
            prestazione text collate "C" not null,
            descrizione text not null
        ) on commit drop"#,
};
