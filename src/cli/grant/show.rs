//! Grants as text.

use std::fmt::Display;

use chrono::{NaiveDate, SecondsFormat};
use comfy_table::{Table, presets::NOTHING};

use crate::{
    abilitazione::{
        AmbitoCode, AmbitoCodes,
        grants::{EventoAa07, GrantRecord},
    },
    output::terminal::TerminalLine,
};

/// One line a grant.
pub(super) fn table(grant_records: &[GrantRecord], oggi: NaiveDate) -> String {
    let mut table = Table::new();
    table.load_style(NOTHING);
    table.set_header([
        "id",
        "soggetto",
        "ente",
        "profilo",
        "normative",
        "prestazioni",
        "dal",
        "al",
        "stato",
        "da",
    ]);
    for grant_record in grant_records {
        let aa07 = &grant_record.aa07;
        table.add_row([
            aa07.id.to_string(),
            line(&aa07.soggetto),
            line(&aa07.ente),
            line(&aa07.profilo),
            text(aa07.ambito.normative()),
            text(aa07.ambito.prestazioni()),
            aa07.valida_dal.to_string(),
            aa07.valida_al.to_string(),
            grant_record.effective_stato(oggi).to_string(),
            line(&grant_record.last.operatore),
        ]);
    }
    table.trim_fmt()
}

/// Everything about one.
pub(super) fn one(grant_record: &GrantRecord, eventi: &[EventoAa07], oggi: NaiveDate) -> String {
    let aa07 = &grant_record.aa07;
    let list = |texts: Vec<String>, none: &str| match texts.is_empty() {
        true => none.to_owned(),
        false => texts.join(", "),
    };
    let number =
        |quota: Option<std::num::NonZeroU32>| quota.map_or("-".to_owned(), |n| n.to_string());
    let (protocollo, impronta) = grant_record.modulo.as_ref().map_or_else(
        || ("-".to_owned(), "-".to_owned()),
        |(protocollo, impronta)| (line(protocollo.as_str()), impronta.to_string()),
    );
    let quote = aa07.quote;
    let mut facts = Table::new();
    facts.load_style(NOTHING);
    for (name, value) in [
        ("id", aa07.id.to_string()),
        ("stato", grant_record.effective_stato(oggi).to_string()),
        ("soggetto", line(&aa07.soggetto)),
        ("ente", line(&aa07.ente)),
        ("profilo", line(&aa07.profilo)),
        ("normative", text(aa07.ambito.normative())),
        ("prestazioni", text(aa07.ambito.prestazioni())),
        (
            "valida",
            format!("{} - {}", aa07.valida_dal, aa07.valida_al),
        ),
        ("reti", list(aa07.reti.texts(), "tutte")),
        ("orari", list(aa07.orari.texts(), "sempre")),
        ("finalita", list(aa07.finalita.texts(), "tutte")),
        ("certificati", list(aa07.certificati.texts(), "nessuno")),
        (
            "quote",
            format!(
                "al_secondo {}, esportazioni {}, al_giorno {}",
                number(quote.al_secondo),
                number(quote.esportazioni),
                number(quote.al_giorno)
            ),
        ),
        ("protocollo_pec", protocollo),
        ("impronta_modulo", impronta),
        (
            "sostituisce",
            grant_record
                .sostituisce
                .map_or("-".to_owned(), |id| id.to_string()),
        ),
    ] {
        facts.add_row([name.to_owned(), value]);
    }
    let mut steps = Table::new();
    steps.load_style(NOTHING);
    steps.set_header(["passo", "azione", "stato", "istante", "operatore", "motivo"]);
    for evento in eventi {
        steps.add_row([
            evento.versione.to_string(),
            evento.azione.to_string(),
            evento.a_stato.to_string(),
            evento.istante.to_rfc3339_opts(SecondsFormat::Secs, true),
            line(&evento.operatore),
            line(&evento.motivo),
        ]);
    }
    format!("{}\n\n{}", facts.trim_fmt(), steps.trim_fmt())
}

/// What a request said, in one line of ours.
fn line(value: impl Display) -> String {
    TerminalLine(value).to_string()
}

fn text<C: AmbitoCode>(codes: &AmbitoCodes<C>) -> String {
    codes
        .texts()
        .map_or_else(|| "tutte".to_owned(), |codes| codes.join(","))
}
