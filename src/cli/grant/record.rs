//! The arguments of `omnia grant record`.

use std::{num::NonZeroU32, path::PathBuf};

use chrono::NaiveDate;
use clap::Args;

use super::actor::ActorArgs;
use crate::{
    abilitazione::{
        Ambito, AmbitoCode, AmbitoCodes,
        grants::{
            Certificati, Ente, Finalita, ImprontaModulo, LimitiAa07, Orari, ProtocolloPec, Quote,
            Reti, RichiestaAa07, quota,
        },
    },
    error::Sentence,
    valori::{CodiceNormativa, CodicePrestazione, ValueDefect, parse_date},
};

#[derive(Debug, Args)]
pub(super) struct RecordGrantArgs {
    /// The `sub` of the tokens that it is for.
    #[arg(long)]
    soggetto: String,
    /// MLPS, MEF or INPS.
    #[arg(long)]
    ente: Ente,
    /// A profile of the policy, see `omnia policy check`.
    #[arg(long)]
    profilo: String,
    #[command(flatten)]
    normative: NormativeArgs,
    #[command(flatten)]
    prestazioni: PrestazioniArgs,
    /// First day, included, in Rome.
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = parse_date)]
    dal: NaiveDate,
    /// Last day, included, in Rome.
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = parse_date)]
    al: NaiveDate,
    /// Protocol number of the PEC message that brought the form.
    #[arg(long, value_name = "NUMBER", value_parser = ProtocolloPec::parse)]
    protocollo: ProtocolloPec,
    #[command(flatten)]
    modulo: ModuloArgs,
    /// Networks that calls may come from, as CIDR, comma-separated. Without it: any.
    #[arg(long, value_name = "CIDR", value_delimiter = ',')]
    reti: Vec<String>,
    /// Hours of the week in Europe/Rome: `lun-ven 08:00-18:30`. May be given again. Without it: always.
    #[arg(long, value_name = "SPAN")]
    orari: Vec<String>,
    /// Purpose ids (PDND) that the vouchers must have one of, comma-separated. Without it: any, or none.
    #[arg(long, value_name = "UUID", value_delimiter = ',')]
    finalita: Vec<String>,
    /// Client certificates, one of which is demanded: `sha256:…`, `dns:…`, `uri:…`. May be given again.
    #[arg(long, value_name = "CERTIFICATE")]
    certificati: Vec<String>,
    /// Calls a second. Without it: as the profile has it; so the next two.
    #[arg(long, value_name = "N", value_parser = positive)]
    al_secondo: Option<NonZeroU32>,
    /// Exports at the same time.
    #[arg(long, value_name = "N", value_parser = positive)]
    esportazioni: Option<NonZeroU32>,
    /// Calls a day.
    #[arg(long, value_name = "N", value_parser = positive)]
    al_giorno: Option<NonZeroU32>,
    /// The grant that ends when this one is approved.
    #[arg(long, value_name = "ID")]
    sostituisce: Option<i64>,
    #[command(flatten)]
    pub(super) chi: ActorArgs,
}

#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
struct NormativeArgs {
    /// The norms that it gives, comma-separated.
    #[arg(long, value_name = "CODES", value_delimiter = ',', value_parser = CodiceNormativa::parse)]
    normative: Vec<CodiceNormativa>,
    /// It gives every norm, those to come too.
    #[arg(long)]
    tutte_le_normative: bool,
}

#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
struct PrestazioniArgs {
    /// The benefits that it gives, comma-separated.
    #[arg(long, value_name = "CODES", value_delimiter = ',', value_parser = CodicePrestazione::parse)]
    prestazioni: Vec<CodicePrestazione>,
    /// It gives every benefit, those to come too.
    #[arg(long)]
    tutte_le_prestazioni: bool,
}

#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
struct ModuloArgs {
    /// The form: its SHA-256 is kept, the file is not.
    #[arg(long, value_name = "FILE")]
    modulo: Option<PathBuf>,
    /// The SHA-256 of the form.
    #[arg(long, value_name = "HEX", value_parser = ImprontaModulo::parse)]
    impronta: Option<ImprontaModulo>,
}

impl ModuloArgs {
    fn impronta(&self) -> Result<ImprontaModulo, Sentence> {
        match (&self.modulo, self.impronta) {
            (Some(path), _) => std::fs::read(path)
                .map(|bytes| ImprontaModulo::of(&bytes))
                .map_err(|error| format!("cannot read {}: {error}", path.display()).into()),
            (None, Some(impronta)) => Ok(impronta),
            (None, None) => Err("give --modulo or --impronta".into()),
        }
    }
}

impl RecordGrantArgs {
    pub(super) fn richiesta(self) -> Result<RichiestaAa07, Sentence> {
        let named = |argument: &'static str| {
            move |defect: ValueDefect| -> Sentence { format!("{argument} {defect}").into() }
        };
        Ok(RichiestaAa07 {
            protocollo_pec: self.protocollo,
            impronta_modulo: self.modulo.impronta()?,
            soggetto: self.soggetto,
            ente: self.ente,
            profilo: self.profilo,
            ambito: Ambito::new(
                code_set(self.normative.normative, self.normative.tutte_le_normative)?,
                code_set(
                    self.prestazioni.prestazioni,
                    self.prestazioni.tutte_le_prestazioni,
                )?,
            ),
            valida_dal: self.dal,
            valida_al: self.al,
            limiti: LimitiAa07 {
                reti: Reti::parse(&self.reti).map_err(named("--reti"))?,
                orari: Orari::parse(&self.orari).map_err(named("--orari"))?,
                finalita: Finalita::parse(&self.finalita).map_err(named("--finalita"))?,
                certificati: Certificati::parse(&self.certificati)
                    .map_err(named("--certificati"))?,
                quote: Quote {
                    al_secondo: self.al_secondo,
                    esportazioni: self.esportazioni,
                    al_giorno: self.al_giorno,
                },
            },
            sostituisce: self.sostituisce,
        })
    }
}

fn positive(text: &str) -> Result<NonZeroU32, Sentence> {
    Ok(quota(text.parse()?)?)
}

/// clap sees to it that there is the one or the other; that there is never neither does not rest on clap.
fn code_set<C: AmbitoCode>(codes: Vec<C>, all: bool) -> Result<AmbitoCodes<C>, ValueDefect> {
    const NONE: ValueDefect =
        ValueDefect::new("no code was given", "non è stato indicato alcun codice");
    if all {
        Ok(AmbitoCodes::All)
    } else {
        AmbitoCodes::only(codes).ok_or(NONE)
    }
}
