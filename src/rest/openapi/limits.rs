//! What a value may be, where its type does not say it: by the name of its field, which means the same wherever it stands.
//!
//! The rooms of the values check it; here it is told. A test finds a field of text that has no line here.

use serde_json::{Value, json};

/// The form of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TextForm {
    /// Characters.
    pub(super) longest: u32,
    /// Of a text that is not empty.
    pub(super) pattern: Option<&'static str>,
}

// There is no year 0.
const DAY: &str =
    "([0-9]{3}[1-9]|[0-9]{2}[1-9]0|[0-9][1-9]00|[1-9]000)-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])";
const MONTH: &str = "([0-9]{3}[1-9]|[0-9]{2}[1-9]0|[0-9][1-9]00|[1-9]000)-(0[1-9]|1[0-2])";
const AMOUNT: &str = r"-?[0-9]+\.[0-9]{2}";
const RATIO: &str = r"-?[0-9]+\.[0-9]{6}";
const SHA256: &str = "[0-9A-Fa-f]{64}";
/// In that of a person a letter may stand for a digit, where two people would have the same code.
const CODICE_FISCALE: &str =
    "[0-9]{11}|[A-Z]{6}[0-9LMNP-V]{2}[A-EHLMPRST][0-9LMNP-V]{2}[A-Z][0-9LMNP-V]{3}[A-Z]";
const HOURS: &str = "(lun|mar|mer|gio|ven|sab|dom)([-,](lun|mar|mer|gio|ven|sab|dom))* [0-2][0-9]:[0-5][0-9]-[0-2][0-9]:[0-5][0-9]";
const UUID: &str = "[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}";
const CERTIFICATE: &str = "sha256:[0-9A-Fa-f]{2}(:?[0-9A-Fa-f]{2}){31}|(dns|uri):[!-~]+";
/// A text for people, a name, a token.
const TEXT: u32 = 4000;
const NAME: u32 = 255;
const TOKEN: u32 = 512;
/// The most items of a list that says nothing of it. No answer comes near it.
const MOST_ITEMS: u64 = 100_000;
/// Of a page.
const MOST_ON_A_PAGE: u64 = 1000;

/// Whether it is a day.
pub(super) fn is_day(name: &str) -> bool {
    text(name).is_some_and(|form| form.pattern == Some(DAY))
}

/// The form of a field of text.
pub(super) fn text(name: &str) -> Option<TextForm> {
    let (longest, pattern) = match name {
        "al" | "dal" | "data_decreto" | "data_riferimento" | "fino_al" | "valida_al"
        | "valida_dal" | "validita_al" | "validita_dal" => (10, Some(DAY)),
        "al_mese" | "dal_mese" | "mese" | "mese_raggiungimento" => (7, Some(MONTH)),
        "istante" | "rifiutata_il" => (40, None),
        "competenza_accordo"
        | "competenza_attesa"
        | "competenza_effettiva"
        | "competenza_massima"
        | "competenza_minima"
        | "competenza_nota"
        | "competenza_prevista"
        | "erogazione_prevista"
        | "errore"
        | "errore_medio"
        | "importi_autorizzati"
        | "importi_erogati"
        | "ore_decretate"
        | "residuo_autorizzato"
        | "residuo_in_prospettiva"
        | "residuo_oggi"
        | "residuo_pagato"
        | "totale_stanziamenti" => (40, Some(AMOUNT)),
        "importo" => (19, Some(r"[0-9]{1,16}\.[0-9]{2}")),
        "fattore" | "tiraggio" => (40, Some(RATIO)),
        "normativa" | "normative" => (40, Some("[0-9A-Z][0-9A-Z-]{0,39}")),
        "prestazione" | "prestazioni" => (20, Some("[0-9A-Z][0-9A-Z-]{0,19}")),
        "codifica_sistema_unico" => (7, Some("[0-9]{3}-[0-9]{3}")),
        "numero_decreto" => (32, Some("[0-9A-Za-z]([0-9A-Za-z ./-]{0,30}[0-9A-Za-z])?")),
        "cf_azienda" => (16, Some(CODICE_FISCALE)),
        "matricola_azienda" => (10, Some("[0-9]{10}")),
        "impronta_modulo" | "sha256" => (64, Some(SHA256)),
        "next_page_token" | "page_token" | "resume_token" => (TOKEN, None),
        "ente" => (4, Some("MLPS|MEF|INPS")),
        "indirizzo" => (64, None),
        "reti" => (64, Some("[0-9A-Fa-f:.]+/[0-9]{1,3}")),
        "orari" => (100, Some(HOURS)),
        "finalita" => (36, Some(UUID)),
        "certificati" => (NAME, Some(CERTIFICATE)),
        "colonne" | "filtri" | "protocollo_pec" => (100, None),
        "rpc" => (NAME, Some("[A-Za-z]+/[A-Za-z]+")),
        "applicazione" | "file" | "nome" | "operatore" | "profilo" | "soggetto" | "stato"
        | "tipo" | "utente" | "versione" => (NAME, None),
        "dati_mancanti" | "descrizione" | "manca" | "messaggio" | "messaggio_it" | "motivo"
        | "testo" => (TEXT, None),
        "politica_proposta" => (65_536, None),
        _ => return None,
    };
    Some(TextForm { longest, pattern })
}

/// What stands for a value that the caller's profile does not see in clear.
pub(super) fn mask(name: &str) -> Option<&'static str> {
    (name == "cf_azienda").then_some(r"\*{16}")
}

/// The longest and the least that a comment says: "1 to 500 characters".
pub(super) fn characters(comment: &str) -> Option<(u32, u32)> {
    let (before, _) = comment.split_once(" characters")?;
    let mut words = before.rsplit(' ');
    let most = words.next()?.parse().ok()?;
    let to = words.next()?;
    let least = words.next()?.parse().ok()?;
    (to == "to").then_some((least, most))
}

/// The least and the most of a number of 32 bits.
pub(super) fn number(name: &str) -> (i32, i32) {
    match name {
        "al_giorno" | "al_secondo" | "esportazioni" => (1, i32::MAX),
        "anno" => (1970, 2199),
        "giorni" => (0, 3660),
        "page_size" => (0, 1000),
        _ => (0, i32::MAX),
    }
}

/// The most items of a list: as its comment has it, or as a page has them.
pub(super) fn items(name: &str, comment: &str) -> Value {
    let told = comment.split("At most ").skip(1).find_map(|rest| {
        let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
        digits.parse::<u64>().ok()
    });
    let most = match name {
        "abilitazioni" | "decreti" | "rilevazioni" => MOST_ON_A_PAGE,
        _ => MOST_ITEMS,
    };
    json!(told.unwrap_or(most))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_say_how_much() {
        assert_eq!(characters("Why: 1 to 500 characters."), Some((1, 500)));
        assert_eq!(characters("16 characters"), None);
        assert_eq!(items("reti", "Any. At most 64."), json!(64));
        assert_eq!(items("decreti", "At most page_size."), json!(1000));
    }
}
