//! The words of the contract, as its readers have them.

use crate::{
    contract::proto::{MetodoProiezione, StanziamentoAnno, TipoStanziamento},
    valori::Month,
};

/// "2026-10" as "ottobre 2026".
pub(super) fn month_name(mese: &str) -> String {
    let Ok(month) = Month::parse(mese) else {
        return mese.to_owned();
    };
    format!("{} {}", month.name(), month.year())
}

/// The value of an enumeration without the enumeration's name; empty: unspecified.
pub(super) fn value(name: &'static str, enumeration: &str) -> &'static str {
    match name.strip_prefix(enumeration).unwrap_or(name) {
        "UNSPECIFIED" => "",
        value => value,
    }
}

/// "MEDIA_12_MESI".
pub(super) fn method_value(method: MetodoProiezione) -> &'static str {
    value(method.as_str_name(), "METODO_PROIEZIONE_")
}

/// "media di dodici mesi".
pub(super) fn method_name(method: MetodoProiezione) -> &'static str {
    match method {
        MetodoProiezione::Unspecified => "nessuno",
        MetodoProiezione::Stagionale => "stagionale",
        MetodoProiezione::Media12Mesi => "media di dodici mesi",
        MetodoProiezione::Media3Mesi => "media di tre mesi",
    }
}

/// The appropriation of a year, and what it is, as cells.
pub(super) fn stanziamento_cells(stanziamento: Option<&StanziamentoAnno>) -> [String; 2] {
    let Some(stanziamento) = stanziamento else {
        return [String::new(), String::new()];
    };
    let tipo = stanziamento.tipo_stanziamento().as_str_name();
    [
        stanziamento.totale_stanziamenti.clone(),
        value(tipo, "TIPO_STANZIAMENTO_").to_owned(),
    ]
}

/// What an appropriation is.
pub(super) fn tipo_name(stanziamento: &StanziamentoAnno) -> &'static str {
    match stanziamento.tipo_stanziamento() {
        TipoStanziamento::Unspecified => "stanziamento",
        TipoStanziamento::Limite => "limite di spesa",
        TipoStanziamento::Previsione => "previsione di spesa",
        TipoStanziamento::LimiteEPrevisione => "limiti e previsioni di spesa",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_and_values() {
        assert_eq!(month_name("2026-10"), "ottobre 2026");
        assert_eq!(month_name("?"), "?");
        assert_eq!(method_value(MetodoProiezione::Media12Mesi), "MEDIA_12_MESI");
        assert_eq!(method_value(MetodoProiezione::Unspecified), "");
    }
}
