use std::{collections::HashSet, sync::Arc};

use arrow_array::{Array as _, ArrayRef, cast::AsArray as _, types::*};
use arrow_schema::DataType;
use proptest::prelude::*;

use super::*;
use crate::blocks::detail_row::{DETAIL_COLUMNS, DetailRow};

pub(super) fn texts() -> impl Strategy<Value = [String; 11]> {
    let data = || "20[0-9]{2}-(0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])";
    let decimale = || "[0-9]{1,16}\\.[0-9]{2}";
    (
        ("CIG[SOD]", "33[0-9]-14[0-9]", "[0-9]{1,5}(/2023)?"),
        (data(), data(), data()),
        ("[0-9]{11}|[A-Z0-9]{16}|\\*{16}", "[0-9]{10}"),
        (decimale(), decimale(), decimale()),
    )
        .prop_map(|((a, b, c), (d, e, f), (g, h), (i, j, k))| [a, b, c, d, e, f, g, h, i, j, k])
}

/// A value as the contract writes it.
fn text(array: &ArrayRef, row: usize) -> String {
    match array.data_type() {
        DataType::Utf8 => array.as_string::<i32>().value(row).to_owned(),
        DataType::Date32 => array
            .as_primitive::<Date32Type>()
            .value_as_date(row)
            .unwrap()
            .to_string(),
        DataType::Decimal128(18, 2) => array.as_primitive::<Decimal128Type>().value_as_string(row),
        DataType::Dictionary(..) => {
            let codici = array.as_dictionary::<Int32Type>();
            let key = usize::try_from(codici.keys().value(row)).unwrap();
            codici.values().as_string::<i32>().value(key).to_owned()
        }
        other => panic!("{other}"),
    }
}

/// `007.10` and `7.10` are one number.
fn without_zeros(testo: &str) -> String {
    match testo.trim_start_matches('0') {
        rest if rest.starts_with('.') => format!("0{rest}"),
        rest => rest.to_owned(),
    }
}

proptest! {
    /// Every value of every row comes back, in two batches of one builder, whatever columns are hidden.
    #[test]
    fn rows_come_back(
        righe in prop::collection::vec(texts(), 0..40),
        first in 0_usize..40,
        hidden in prop::collection::hash_set(0_usize..11, 0..11),
    ) {
        let hidden: HashSet<&str> = hidden.into_iter().map(|at| DETAIL_COLUMNS[at].name()).collect();
        let schema = schema(|colonna| !hidden.contains(colonna.name()), []);
        let mut costruttore = RecordBatchBuilder::new(Arc::clone(&schema));
        let first = first.min(righe.len());
        for half in [&righe[..first], &righe[first..]] {
            for riga in half {
                let riga = riga.each_ref().map(String::as_str);
                costruttore.add(&DetailRow::of(riga)).unwrap();
            }
            let batch = costruttore.finish().unwrap();
            prop_assert_eq!(batch.num_rows(), half.len());
            prop_assert_eq!(batch.schema(), Arc::clone(&schema));
            prop_assert_eq!(batch.num_columns(), 11 - hidden.len());
            for (field, array) in schema.fields().iter().zip(batch.columns()) {
                let at = DETAIL_COLUMNS.iter().position(|c| c.name() == field.name()).unwrap();
                for (row, riga) in half.iter().enumerate() {
                    let asked = match array.data_type() {
                        DataType::Decimal128(..) => without_zeros(&riga[at]),
                        _ => riga[at].clone(),
                    };
                    prop_assert_eq!(text(array, row), asked);
                }
            }
        }
    }
}

#[test]
fn a_value_that_is_none_is_an_error() {
    let good = DetailRow {
        prestazione: "CIGS",
        codifica_sistema_unico: "333-145",
        numero_decreto: "1",
        data_decreto: "2023-01-01",
        validita_dal: "2023-01-01",
        validita_al: "2023-01-31",
        cf_azienda: "00743110157",
        matricola_azienda: "7012345662",
        ore_decretate: "1.00",
        importi_autorizzati: "1.00",
        importi_erogati: "1.00",
    };
    let adds = |riga: DetailRow<'_>| RecordBatchBuilder::new(schema(|_| true, [])).add(&riga);
    assert!(adds(good).is_ok());
    assert!(
        adds(DetailRow {
            prestazione: "",
            ..good
        })
        .is_err()
    );
    assert!(
        adds(DetailRow {
            cf_azienda: "",
            ..good
        })
        .is_err()
    );
    assert!(
        adds(DetailRow {
            validita_al: "2023-02-30",
            ..good
        })
        .is_err()
    );
    assert!(
        adds(DetailRow {
            ore_decretate: "1",
            ..good
        })
        .is_err()
    );
}

#[test]
fn columns_say_what_they_are() {
    let schema = schema(|_| true, [("rilevazione".to_owned(), "7".to_owned())]);
    assert_eq!(schema.metadata()["rilevazione"], "7");
    let unita = |colonna: &str| {
        schema
            .field_with_name(colonna)
            .unwrap()
            .metadata()
            .get("unita")
    };
    assert_eq!(unita("ore_decretate").unwrap(), "h");
    assert_eq!(unita("importi_erogati").unwrap(), "EUR");
    assert_eq!(unita("cf_azienda"), None);
    for field in schema.fields() {
        assert!(!field.is_nullable());
        assert!(!field.metadata()["descrizione"].is_empty());
    }
}
