//! `omnia grant`: the register of AA07 grants.

use std::process::ExitCode;

use chrono::NaiveDate;
use clap::{Args, Subcommand};
use comfy_table::{Table, presets::NOTHING};

use super::policy;
use crate::{
    abilitazione::{
        Ambito, Codice, Insieme, Vocabulary,
        aa07::{self, Ente, NuovaAbilitazione, Registrata, Stato},
    },
    clock::Clock,
    config::Settings,
    error::Sentence,
    postgres::{self, Postgres},
    valori::{CodiceNormativa, CodicePrestazione, Difetto, parse_data},
};

/// Register, list and revoke AA07 grants.
#[derive(Debug, Args)]
pub(super) struct Grant {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Register a grant.
    Add(Add),
    /// List every grant, the revoked ones too.
    List,
    /// Revoke a grant: it gives nothing from the next call on.
    Revoke {
        /// Its number, as listed.
        id: i64,
        #[command(flatten)]
        operatore: Operatore,
    },
}

#[derive(Debug, Args)]
struct Add {
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
    normative: Normative,
    #[command(flatten)]
    prestazioni: Prestazioni,
    /// First day, included, in Rome.
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = parse_data)]
    dal: NaiveDate,
    /// Last day, included, in Rome.
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = parse_data)]
    al: NaiveDate,
    #[command(flatten)]
    operatore: Operatore,
}

#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
struct Normative {
    /// The norms that it gives, comma-separated.
    #[arg(long, value_name = "CODES", value_delimiter = ',', value_parser = CodiceNormativa::parse)]
    normative: Vec<CodiceNormativa>,
    /// It gives every norm, those to come too.
    #[arg(long)]
    tutte_le_normative: bool,
}

#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
struct Prestazioni {
    /// The benefits that it gives, comma-separated.
    #[arg(long, value_name = "CODES", value_delimiter = ',', value_parser = CodicePrestazione::parse)]
    prestazioni: Vec<CodicePrestazione>,
    /// It gives every benefit, those to come too.
    #[arg(long)]
    tutte_le_prestazioni: bool,
}

#[derive(Debug, Args)]
struct Operatore {
    /// Who does this, for the register. Without it: the user of the system.
    #[arg(long, value_name = "NAME")]
    operatore: Option<String>,
}

impl Operatore {
    fn name(self) -> Result<String, Sentence> {
        match self.operatore {
            Some(name) => Ok(name),
            None => nix::unistd::User::from_uid(nix::unistd::getuid())?
                .map(|user| user.name)
                .ok_or_else(|| "this user has no name: give --operatore".into()),
        }
    }
}

impl Grant {
    /// Runs it.
    ///
    /// # Errors
    /// No database, or the register refuses.
    pub(super) async fn run(self, settings: &Settings) -> Result<ExitCode, Sentence> {
        let postgres = postgres::join(&settings.database).await?;
        let done = self.command.run(settings, &postgres).await;
        postgres.stop().await?;
        println!("{}", done?);
        Ok(ExitCode::SUCCESS)
    }
}

impl Command {
    async fn run(self, settings: &Settings, postgres: &Postgres) -> Result<String, Sentence> {
        let pool = postgres.owner_pool();
        postgres::check_schema(&pool).await?;
        let clock = Clock::system();
        match self {
            Self::Add(add) => {
                let vocabulary = Vocabulary::of_contract()?;
                let dir = settings.access.policy_dir.as_deref();
                let tabella = policy::tabella(dir, &vocabulary).await?;
                let (nuova, operatore) = add.nuova()?;
                let id = aa07::add(&pool, &clock, &tabella, &nuova, &operatore).await?;
                Ok(format!("grant {id} registered"))
            }
            Self::List => Ok(table(&aa07::list(&pool).await?, clock.today())),
            Self::Revoke { id, operatore } => {
                aa07::revoke(&pool, &clock, id, &operatore.name()?).await?;
                Ok(format!("grant {id} revoked"))
            }
        }
    }
}

impl Add {
    fn nuova(self) -> Result<(NuovaAbilitazione, String), Sentence> {
        let normative = insieme(self.normative.normative, self.normative.tutte_le_normative)?;
        let prestazioni = insieme(
            self.prestazioni.prestazioni,
            self.prestazioni.tutte_le_prestazioni,
        )?;
        let nuova = NuovaAbilitazione {
            soggetto: self.soggetto,
            ente: self.ente,
            profilo: self.profilo,
            ambito: Ambito::new(normative, prestazioni),
            valida_dal: self.dal,
            valida_al: self.al,
        };
        Ok((nuova, self.operatore.name()?))
    }
}

/// clap sees to it that there is the one or the other; that there is never neither does not rest on clap.
fn insieme<C: Codice>(codici: Vec<C>, tutti: bool) -> Result<Insieme<C>, Difetto> {
    const NONE: Difetto = Difetto::new("no code was given", "non è stato indicato alcun codice");
    if tutti {
        Ok(Insieme::Tutti)
    } else {
        Insieme::alcuni(codici).ok_or(NONE)
    }
}

fn table(registrate: &[Registrata], oggi: NaiveDate) -> String {
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
    for registrata in registrate {
        let aa07 = &registrata.aa07;
        let stato = match registrata.stato(oggi) {
            Stato::Valida => "valida",
            Stato::Futura => "futura",
            Stato::Scaduta => "scaduta",
            Stato::Revocata => "revocata",
        };
        table.add_row([
            aa07.id.to_string(),
            aa07.soggetto.clone(),
            aa07.ente.clone(),
            aa07.profilo.clone(),
            text(aa07.ambito.normative()),
            text(aa07.ambito.prestazioni()),
            aa07.valida_dal.to_string(),
            aa07.valida_al.to_string(),
            stato.to_owned(),
            registrata
                .revocata
                .as_ref()
                .unwrap_or(&registrata.registrata)
                .1
                .clone(),
        ]);
    }
    table.trim_fmt()
}

fn text<C: Codice>(insieme: &Insieme<C>) -> String {
    insieme
        .testi()
        .map_or_else(|| "tutte".to_owned(), |codici| codici.join(","))
}
