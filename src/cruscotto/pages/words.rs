//! What the words of the contract are in Italian, and what parts of a whole are.

use crate::{
    contract::proto::{MetodoProiezione, TipoStanziamento},
    cruscotto::format,
};

/// What an appropriation is called that a line is drawn for.
pub(super) fn cap(kind: TipoStanziamento) -> &'static str {
    match kind {
        TipoStanziamento::Limite => "Limite di spesa",
        TipoStanziamento::Previsione => "Previsione di spesa",
        TipoStanziamento::Unspecified | TipoStanziamento::LimiteEPrevisione => "Stanziamento",
    }
}

/// What is written below an appropriation.
pub(super) fn kind(kind: TipoStanziamento) -> &'static str {
    match kind {
        TipoStanziamento::Unspecified => "",
        TipoStanziamento::Limite => "limite",
        TipoStanziamento::Previsione => "previsione",
        TipoStanziamento::LimiteEPrevisione => "limite e previsione",
    }
}

/// What a method is called, with its version.
pub(super) fn method(method: MetodoProiezione) -> &'static str {
    match method {
        MetodoProiezione::Unspecified => "nessun metodo",
        MetodoProiezione::Stagionale => "stagionale, versione 1",
        MetodoProiezione::Media12Mesi => "media di dodici mesi, versione 1",
        MetodoProiezione::Media3Mesi => "media di tre mesi, versione 1",
    }
}

/// What a method takes for granted.
pub(super) fn assumption(method: MetodoProiezione) -> &'static str {
    match method {
        MetodoProiezione::Unspecified => "",
        MetodoProiezione::Stagionale => {
            "Suppone che i decreti di un mese a venire facciano come quelli dello stesso mese dell'anno prima."
        }
        MetodoProiezione::Media12Mesi => {
            "Suppone che i decreti di un mese a venire facciano come la media degli ultimi dodici mesi interi, o di quanti ce ne sono."
        }
        MetodoProiezione::Media3Mesi => {
            "Suppone che i decreti di un mese a venire facciano come la media degli ultimi tre mesi interi."
        }
    }
}

/// A part of a whole, in thousandths. `None`: there is no whole, or one of them is not seen.
pub(super) fn permille(part: &str, whole: &str) -> Option<i64> {
    format::permille(part.parse().ok()?, whole.parse().ok()?)
}
