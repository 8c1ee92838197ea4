//! What a file says of itself: the selection, the rilevazione, the totals, what its columns mean. In Italian, for its reader.

use chrono::{DateTime, SecondsFormat, Utc};

use super::{CellType, FileTable};
use crate::{contract::column::Column, rilevazione::list::Rilevazione};

/// The column whose natural persons may be masked.
const CF_AZIENDA: &str = Column::CfAzienda.name();

/// Which columns of a file the caller sees.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ColumnVisibility {
    /// Names of columns that are empty, because the profile does not see them.
    pub hidden: Vec<&'static str>,
    /// Whether a natural person's codice fiscale is masked.
    pub masked: bool,
}

/// What is known of a file once its last row is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileInfo {
    /// What was selected: filters by their names in the contract. Without one: everything.
    pub selection: Vec<(&'static str, String)>,
    /// What the rows belong to.
    pub rilevazione: Rilevazione,
    /// What the caller sees.
    pub visibility: ColumnVisibility,
    /// Control totals: names in the contract, decimal texts. `None`: absent, or not seen.
    pub totali: Vec<(&'static str, Option<String>)>,
    /// What else is to be said of the rows: by what it is about, in Italian.
    pub notes: Vec<(&'static str, String)>,
}

/// One thing that a file says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InfoEntry {
    /// What it is about: `selezione`, `rilevazione`, `totali`, `colonne`, `note`.
    pub section: &'static str,
    /// Its name.
    pub name: &'static str,
    /// What the value is.
    pub cell_type: CellType,
    /// The value; empty: there is none.
    pub value: String,
}

impl ColumnVisibility {
    /// The columns of a table as `may_see` says.
    #[must_use]
    pub fn of(table: &FileTable, may_see: impl Fn(Column) -> bool) -> Self {
        let hidden = |column: Column| !may_see(column);
        let columns = table.columns.iter();
        let persons = columns
            .clone()
            .any(|shown| shown.column == Some(Column::CfAzienda));
        Self {
            hidden: columns
                .filter(|shown| shown.column.is_some_and(hidden))
                .map(|shown| shown.name)
                .collect(),
            masked: persons
                && may_see(Column::CfAzienda)
                && !may_see(Column::CfAziendaPersonaFisica),
        }
    }
}

impl FileInfo {
    /// All of it, section after section. Nothing of it depends on when, where or for whom it was written, but whether the
    /// rilevazione was withdrawn by then.
    #[must_use]
    pub fn entries(&self, table: &FileTable) -> Vec<InfoEntry> {
        let testo = |section, nome, value: &str| InfoEntry {
            section,
            name: nome,
            cell_type: CellType::Text,
            value: value.to_owned(),
        };
        let mut voci = Vec::new();
        if self.selection.is_empty() {
            voci.push(testo("selezione", "filtri", "nessuno"));
        }
        for (nome, value) in &self.selection {
            voci.push(testo("selezione", nome, value));
        }
        let Rilevazione {
            numero,
            data_riferimento,
            caricata_il,
            ritirata_il,
        } = &self.rilevazione;
        voci.push(testo("rilevazione", "numero", &numero.to_string()));
        voci.push(InfoEntry {
            cell_type: CellType::Date,
            ..testo(
                "rilevazione",
                "data_riferimento",
                &data_riferimento.to_string(),
            )
        });
        let istante = |i: &DateTime<Utc>| i.to_rfc3339_opts(SecondsFormat::Micros, true);
        voci.push(testo("rilevazione", "caricata_il", &istante(caricata_il)));
        if let Some(ritirata_il) = ritirata_il {
            voci.push(testo("rilevazione", "ritirata_il", &istante(ritirata_il)));
            let withdrawn = "La rilevazione è stata ritirata: non è più l'ultima, e i suoi dati non vanno usati come tali.";
            voci.push(testo("note", "rilevazione", withdrawn));
        }
        for (nome, value) in &self.totali {
            voci.push(InfoEntry {
                cell_type: CellType::Number,
                ..testo("totali", nome, value.as_deref().unwrap_or_default())
            });
        }
        for colonna in table.columns {
            voci.push(testo("colonne", colonna.name, colonna.description));
        }
        for (nome, value) in &self.notes {
            voci.push(testo("note", nome, value));
        }
        let importi = "Euro e ore con due decimali esatti. Una cella vuota è un valore assente, che non è zero.";
        voci.push(testo("note", "importi", importi));
        if self.visibility.masked {
            let mask = "Sedici asterischi stanno al posto del codice fiscale di una persona fisica, che il profilo del richiedente non vede.";
            voci.push(testo("note", CF_AZIENDA, mask));
        }
        if !self.visibility.hidden.is_empty() {
            let hidden = self.visibility.hidden.join(", ");
            let value = format!("Vuote perché il profilo del richiedente non le vede: {hidden}.");
            voci.push(testo("note", "colonne_non_visibili", &value));
        }
        voci
    }
}
