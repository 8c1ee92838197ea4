//! What requests hold: for each field values as people ask with them, and others. A field that is not here fails the tests that ask.

use crate::model::{CF, CODIFICHE, MATRICOLE, NORMATIVE, NUMERI, PRESTAZIONI};

/// What a field may be.
#[derive(Debug, Clone, Copy)]
pub(super) struct FieldValues {
    pub(super) presence: FieldPresence,
    pub(super) good: &'static [&'static str],
    pub(super) bad: &'static [&'static str],
}

/// How often a field is set where nothing is to be wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FieldPresence {
    Always,
    Sometimes,
    /// It is not for this test to ask with it.
    Never,
}

/// Texts that mean something to a URL, to JSON or to SQL, and nothing to this service.
const STRANGE: &[&str] = &[
    "NO-SUCH",
    "x y",
    "a/b",
    "a%2Fb",
    "a&b=c",
    "a+b",
    "\"",
    "\\",
    "é",
    "１２３",
    "a\0b",
    "\n",
    "' or 1=1",
];
const DAYS: &[&str] = &["2022-01-01", "2022-07-15", "2024-02-29", "2026-10-31"];
const NO_DAYS: &[&str] = &["2023-02-30", "31/12/2023", "2023", "0000-00-00", "１"];
const MONTHS: &[&str] = &["2022-01", "2023-01"];
const LATER_MONTHS: &[&str] = &["2023-12", "2026-12"];
const NO_MONTHS: &[&str] = &["2023-13", "2023", "2022-02", "0001-01", "9999-12"];
/// Of three rilevazioni the second is withdrawn.
const NUMBERS: &[&str] = &["1", "3"];
const NO_NUMBERS: &[&str] = &["2", "4", "-1", "2147483647"];
const IDS: &[&str] = &["1", "2", "3"];
const NO_IDS: &[&str] = &["0", "-1", "99", "9223372036854775807"];
const PROFILES: &[&str] = &["mef-rgs", "mlps-consultazione", "inps-gestione"];
const TAKEN: &[&str] = &["cliente-mef-rgs", "cliente-mef-sintesi"];
/// Of a field of a message of the contract. Enumerations have their values from the contract: what is bad of them is here.
pub(super) fn values_of(message: &str, field: &str) -> FieldValues {
    let always = |good, bad| FieldValues {
        presence: FieldPresence::Always,
        good,
        bad,
    };
    let sometimes = |good, bad| FieldValues {
        presence: FieldPresence::Sometimes,
        good,
        bad,
    };
    match (message, field) {
        // In HTTP a range says it: it is the same byte of the same file.
        (_, "offset") => FieldValues {
            presence: FieldPresence::Never,
            good: &[],
            bad: &[],
        },
        ("FiltroReport" | "FiltroMonitoraggio", "normativa") => sometimes(&NORMATIVE, STRANGE),
        ("FiltroReport" | "FiltroMonitoraggio", "prestazione") => sometimes(&PRESTAZIONI, STRANGE),
        (_, "normativa") => always(&NORMATIVE, STRANGE),
        (_, "prestazione") => always(&PRESTAZIONI, STRANGE),
        (_, "codifica_sistema_unico") => sometimes(&CODIFICHE, STRANGE),
        (_, "numero_decreto") => sometimes(&NUMERI, STRANGE),
        (_, "matricola_azienda") => sometimes(&MATRICOLE, STRANGE),
        (_, "cf_azienda") => sometimes(&CF, STRANGE),
        (_, "filtro" | "periodo" | "finestra" | "criterio" | "passo") => sometimes(&[], &["99"]),
        (_, "imputazione" | "formato") => always(&[], &["0", "99"]),
        ("FiltroAbilitazioni", "stato") => sometimes(&[], &["99"]),
        ("Periodo", "dal") => sometimes(&DAYS[..2], NO_DAYS),
        ("Periodo", "al") => sometimes(&DAYS[1..], NO_DAYS),
        (_, "dal_mese") => sometimes(MONTHS, NO_MONTHS),
        (_, "al_mese") => sometimes(LATER_MONTHS, NO_MONTHS),
        (_, "rilevazione" | "a") => sometimes(NUMBERS, NO_NUMBERS),
        (_, "da") => always(&["1"], &["0", "2", "3", "9", "-1"]),
        (_, "page_size") => sometimes(&["1", "2", "1000"], &["-1", "1001", "-2147483648"]),
        (_, "page_token" | "resume_token") => sometimes(&[""], STRANGE),
        (_, "anno") => always(&["2022", "2026"], &["0", "-1", "1969", "2200"]),
        (_, "fino_al") => sometimes(DAYS, NO_DAYS),
        (_, "importo") => always(&["1.00", "99999999.99"], &["", "1", "-1.00", "1,00", "1e9"]),
        (_, "validita_dal") => always(&DAYS[..2], NO_DAYS),
        (_, "validita_al") => always(&DAYS[1..], NO_DAYS),
        // Who may do what, explained. `chi` is one of two.
        ("ExplainAccessRequest", "profilo") => sometimes(PROFILES, &["nessuno", "MEF", ""]),
        ("ExplainAccessRequest", "soggetto") => sometimes(TAKEN, &["nessuno", " ", ""]),
        (_, "rpc") => always(&["DecreeService/ListDecrees"], &["", "ListDecrees"]),
        (_, "filtri") => sometimes(&["numero_decreto", "cf_azienda"], STRANGE),
        (_, "colonne") => sometimes(&["cf_azienda", "ore_decretate"], STRANGE),
        ("ExplainAccessRequest", "normative") => sometimes(&[], &NORMATIVE),
        ("ExplainAccessRequest", "prestazioni") => sometimes(&[], &["CIGS", "a b"]),
        (_, "istante") => sometimes(&[], &["2026-11-25T10:00:00Z", "ieri"]),
        (_, "indirizzo") => sometimes(&[], &["192.0.2.1", "casa"]),
        (_, "politica_proposta") => sometimes(&[], &["p, mef-rgs", "x"]),
        // Grants.
        (_, "id") => always(IDS, NO_IDS),
        (_, "giorni") => always(&["30", "60"], &["0", "-1", "99999"]),
        ("FiltroAbilitazioni", "soggetto") => sometimes(TAKEN, STRANGE),
        ("FiltroAbilitazioni", "ente") => sometimes(&["MLPS", "MEF"], STRANGE),
        ("FiltroAbilitazioni", "profilo") => sometimes(PROFILES, STRANGE),
        (_, "soggetto") => always(&["nuovo"], &["", " x", "\0"]),
        (_, "ente") => always(&["MLPS", "MEF", "INPS"], &["", "ROMA"]),
        (_, "profilo") => always(PROFILES, &["", "nessuno"]),
        (_, "protocollo_pec") => always(&["INPS.0001", "INPS.0000.01/01/2026.7"], &[""]),
        (_, "impronta_modulo") => always(&[SHA256], &["", "ab", "g"]),
        (_, "ambito") => always(&[], &[]),
        (_, "tutte_le_normative" | "tutte_le_prestazioni") => always(&["true"], &["false"]),
        ("Ambito", "normative" | "prestazioni") => sometimes(&[], &["CIGS", "a b"]),
        (_, "valida_dal") => always(&["2026-01-01", "2026-11-01"], NO_DAYS),
        (_, "valida_al") => always(&["2026-12-31", "2027-06-30"], &["2025-12-31", "mai"]),
        (_, "limiti" | "quote") => sometimes(&[], &[]),
        (_, "reti") => sometimes(&["192.0.2.0/24", "2001:db8::/32"], &["192.0.2.1/24", "x"]),
        (_, "orari") => sometimes(&["lun-ven 08:00-18:30"], &["lun 8-9", ""]),
        (_, "finalita") => sometimes(&["6b0c9b3e-6a1c-4c4f-9a53-0a2b5c1d2e3f"], &["", "x y"]),
        (_, "certificati") => sometimes(&["dns:be.mef.example"], &["be.mef.example", "dns:"]),
        (_, "al_secondo" | "esportazioni" | "al_giorno") => {
            sometimes(&["1", "500"], &["0", "4294967295"])
        }
        (_, "sostituisce") => sometimes(&[], &["-1", "9223372036854775807"]),
        (_, "motivo") => always(&["PEC", "d'ufficio, n. 3/2026"], &["", " "]),
        _ => panic!("{message}.{field}: what is it asked with?"),
    }
}

const SHA256: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
