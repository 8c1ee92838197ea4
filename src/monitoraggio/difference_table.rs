//! The differences as the table of a file: the natural key once, then each value as it was and as it is.

use crate::{
    contract::{
        column::Column,
        proto::{DettaglioDecreto, Differenza},
    },
    files::{CellType, FileColumn, FileTable},
};

/// A row for each difference.
pub(super) static DIFFERENCE_TABLE: FileTable = FileTable {
    title: "Differenze fra due rilevazioni",
    name: "differenze",
    columns: &[
        FileColumn::of_row(
            "differenza",
            CellType::Text,
            "NUOVA se la riga è solo nella rilevazione dopo, CESSATA se è solo in quella prima, VARIATA se è in entrambe con altri valori.",
        ),
        FileColumn::of(Column::Normativa, CellType::Text, "Codice della normativa."),
        FileColumn::of(
            Column::Prestazione,
            CellType::Text,
            "Codice della prestazione.",
        ),
        FileColumn::of(
            Column::CodificaSistemaUnico,
            CellType::Text,
            "Codifica del Sistema UNICO INPS: codice intervento e codice evento.",
        ),
        FileColumn::of(
            Column::NumeroDecreto,
            CellType::Text,
            "Numero del decreto ministeriale; lo identifica insieme alla data.",
        ),
        FileColumn::of(
            Column::DataDecreto,
            CellType::Date,
            "Data del decreto ministeriale.",
        ),
        FileColumn::of(
            Column::CfAzienda,
            CellType::Text,
            "Codice fiscale dell'azienda. Sedici asterischi: è di una persona fisica e il profilo non lo vede.",
        ),
        FileColumn::of(
            Column::MatricolaAzienda,
            CellType::Text,
            "Matricola INPS dell'azienda.",
        ),
        FileColumn::of(
            Column::ValiditaDal,
            CellType::Date,
            "Primo giorno di validità, compreso.",
        ),
        FileColumn::named(
            "validita_al_prima",
            Column::ValiditaAl,
            CellType::Date,
            "Ultimo giorno di validità, nella rilevazione prima.",
        ),
        FileColumn::named(
            "validita_al_dopo",
            Column::ValiditaAl,
            CellType::Date,
            "Ultimo giorno di validità, nella rilevazione dopo.",
        ),
        FileColumn::named(
            "ore_decretate_prima",
            Column::OreDecretate,
            CellType::Number,
            "Ore decretate, nella rilevazione prima.",
        ),
        FileColumn::named(
            "ore_decretate_dopo",
            Column::OreDecretate,
            CellType::Number,
            "Ore decretate, nella rilevazione dopo.",
        ),
        FileColumn::named(
            "importi_autorizzati_prima",
            Column::ImportiAutorizzati,
            CellType::Number,
            "Importi autorizzati, in euro, nella rilevazione prima.",
        ),
        FileColumn::named(
            "importi_autorizzati_dopo",
            Column::ImportiAutorizzati,
            CellType::Number,
            "Importi autorizzati, in euro, nella rilevazione dopo.",
        ),
        FileColumn::named(
            "importi_erogati_prima",
            Column::ImportiErogati,
            CellType::Number,
            "Importi erogati, in euro, nella rilevazione prima.",
        ),
        FileColumn::named(
            "importi_erogati_dopo",
            Column::ImportiErogati,
            CellType::Number,
            "Importi erogati, in euro, nella rilevazione dopo.",
        ),
    ],
};

/// The cells of a difference, in the order of the columns.
pub(super) fn cells(differenza: &Differenza) -> [&str; 17] {
    let (prima, dopo) = (differenza.prima.as_ref(), differenza.dopo.as_ref());
    let kind = match (prima, dopo) {
        (None, _) => "NUOVA",
        (_, None) => "CESSATA",
        _ => "VARIATA",
    };
    // Both have the same natural key.
    let key = |of: fn(&DettaglioDecreto) -> &String| dopo.or(prima).map_or("", |row| of(row));
    let was = |of: fn(&DettaglioDecreto) -> &String| prima.map_or("", |row| of(row));
    let is = |of: fn(&DettaglioDecreto) -> &String| dopo.map_or("", |row| of(row));
    [
        kind,
        &differenza.normativa,
        key(|row| &row.prestazione),
        key(|row| &row.codifica_sistema_unico),
        key(|row| &row.numero_decreto),
        key(|row| &row.data_decreto),
        key(|row| &row.cf_azienda),
        key(|row| &row.matricola_azienda),
        key(|row| &row.validita_dal),
        was(|row| &row.validita_al),
        is(|row| &row.validita_al),
        was(|row| &row.ore_decretate),
        is(|row| &row.ore_decretate),
        was(|row| &row.importi_autorizzati),
        is(|row| &row.importi_autorizzati),
        was(|row| &row.importi_erogati),
        is(|row| &row.importi_erogati),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_for_each_column_and_each_value_on_its_side() {
        let row = |al: &str| DettaglioDecreto {
            numero_decreto: "1".into(),
            validita_al: al.into(),
            ..DettaglioDecreto::default()
        };
        let columns = DIFFERENCE_TABLE.columns.iter().map(|column| column.name);
        let columns: Vec<_> = columns.collect();
        let shown = |prima: Option<DettaglioDecreto>, dopo| {
            let differenza = Differenza {
                normativa: "A".into(),
                prima,
                dopo,
            };
            let cells = cells(&differenza);
            assert_eq!(cells.len(), columns.len());
            [
                "differenza",
                "numero_decreto",
                "validita_al_prima",
                "validita_al_dopo",
            ]
            .map(|name| {
                let at = columns.iter().position(|column| *column == name).unwrap();
                cells[at].to_owned()
            })
        };
        assert_eq!(shown(None, Some(row("b"))), ["NUOVA", "1", "", "b"]);
        assert_eq!(shown(Some(row("a")), None), ["CESSATA", "1", "a", ""]);
        assert_eq!(
            shown(Some(row("a")), Some(row("b"))),
            ["VARIATA", "1", "a", "b"]
        );
    }
}
