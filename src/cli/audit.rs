//! `omnia audit`: proves, exports and prunes the audit log.

use std::{
    borrow::Cow,
    io::{self, Write},
    path::PathBuf,
    process::ExitCode,
};

use chrono::NaiveDate;
use clap::{Args, Subcommand};

use super::{derived::could_not_look, serve::audit_key};
use crate::{
    abilitazione::grants::{MotivoAa07, Operatore},
    audit::{
        ChainDigest, acknowledge, anchor,
        export::{self, LogDays},
        pruning::{self, PruningLimit},
        tracing_report,
        verify::{self, Verification, VerificationOutcome},
    },
    clock::Clock,
    config::Settings,
    error::Sentence,
    output::{
        file,
        stdio::{self, outln},
    },
    postgres::{self, Postgres},
    valori::parse_date,
};

/// Verify, export and prune the audit log.
#[derive(Debug, Args)]
pub(super) struct AuditArgs {
    #[command(subcommand)]
    command: AuditCommand,
}

#[derive(Debug, Subcommand)]
enum AuditCommand {
    /// Find every record that was changed, removed, added or moved, and every chain that is missing.
    #[command(after_help = EXIT_CODES)]
    Verify {
        /// The impronta of an anchor that was kept elsewhere (the service's log has each): it must be among the anchors.
        #[arg(long, value_name = "IMPRONTA")]
        ancora: Option<ChainDigest>,
    },
    /// Say that what `verify` complains of at an anchor is no more than a clock that was wrong: kept with who and why. Nothing else can be
    /// acknowledged.
    Acknowledge(Acknowledge),
    /// Write the records as JSON Lines, or the calls by purpose as PDND's tracing CSV.
    Export(AuditExportArgs),
    /// Write the anchor of today, if the service has not.
    Anchor,
    /// Remove what is older than audit.retention_days, up to the heads of an anchor.
    Prune {
        /// Remove what an anchor of this day or earlier has seen, whatever the retention.
        #[arg(long, value_name = "YYYY-MM-DD", value_parser = parse_date)]
        prima_di: Option<NaiveDate>,
    },
    /// Print what stands in the log for a codice fiscale, or for a text that holds one (a subject), to look for it.
    Cf {
        /// The codice fiscale, of a person or of a company, in either case; or the text.
        #[arg(value_name = "CF")]
        testo: String,
    },
}

/// Of `omnia audit verify`.
const ACKNOWLEDGED: u8 = 3;
const TAMPERED: u8 = 4;

const EXIT_CODES: &str = "\
Exit codes: 0 all is as it was written; 3 there are clock faults, and each was acknowledged (omnia audit acknowledge); 4 something
is not as it was written; 75 it could not be looked at now, and nothing is known; 1 the settings are wrong, or it was interrupted; 2 the
command line is wrong.";

#[derive(Debug, Args)]
struct Acknowledge {
    /// The number of the anchor, as `verify` tells it.
    #[arg(long, value_name = "N")]
    ancora: i64,
    /// Who has looked at it. Without it: the user of the system.
    #[arg(long, value_name = "NAME")]
    operatore: Option<String>,
    /// What it was, in a few words.
    #[arg(long, value_name = "TEXT", value_parser = MotivoAa07::parse)]
    motivo: MotivoAa07,
}

#[derive(Debug, Args)]
struct AuditExportArgs {
    /// `jsonl`, or `pdnd` for the tracing CSV.
    #[arg(long, value_enum, default_value = "jsonl")]
    formato: AuditExportFormat,
    /// First day (UTC), included.
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = parse_date)]
    dal: Option<NaiveDate>,
    /// Last day (UTC), included.
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = parse_date)]
    al: Option<NaiveDate>,
    /// Where to. Without it: standard output.
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum AuditExportFormat {
    Jsonl,
    Pdnd,
}

impl AuditArgs {
    /// Runs it.
    ///
    /// # Errors
    /// No database, or what was asked for cannot be done.
    pub(super) async fn run(self, settings: &Settings) -> Result<ExitCode, Sentence> {
        if let AuditCommand::Cf { testo } = &self.command {
            return match audit_key(settings)?.hidden(testo) {
                Cow::Owned(hidden) => {
                    outln!("{hidden}");
                    Ok(ExitCode::SUCCESS)
                }
                Cow::Borrowed(_) => Err("there is no codice fiscale in it: 16 characters, or 11 digits with the right check \
                     digit. The log has it as it is"
                    .into()),
            };
        }
        let looks = matches!(self.command, AuditCommand::Verify { .. });
        match self.command.run_joined(settings).await {
            Err(error) if looks => Ok(could_not_look(&error)),
            done => done,
        }
    }
}

impl AuditCommand {
    async fn run_joined(self, settings: &Settings) -> Result<ExitCode, Sentence> {
        let postgres = postgres::join(&settings.database).await?;
        let done = self.run(settings, &postgres).await;
        postgres.stop().await?;
        done
    }

    async fn run(self, settings: &Settings, postgres: &Postgres) -> Result<ExitCode, Sentence> {
        let pool = postgres.owner_pool();
        postgres::check_schema(postgres.owner()).await?;
        let clock = Clock::system();
        match self {
            Self::Verify { ancora: anchor } => {
                let verification =
                    verify::verify(&pool, anchor, settings.audit.retention_days).await?;
                return Ok(tell(&verification));
            }
            Self::Acknowledge(acknowledge) => acknowledge.run(&pool, &clock).await?,
            Self::Export(export) => export.run(&pool).await?,
            Self::Anchor => match anchor::write_anchor(&pool, clock.now()).await? {
                Some(impronta) => outln!("{impronta}"),
                None => outln!("today has its anchor already"),
            },
            Self::Prune { prima_di } => {
                let now = clock.now();
                let limit = prima_di
                    .map(PruningLimit::Day)
                    .or(settings.audit.retention_days.map(PruningLimit::Retention))
                    .ok_or("set audit.retention_days, or give --prima-di: records are kept until one says otherwise")?;
                let chi = user()?.unwrap_or_else(|| "?".to_owned());
                match pruning::prune(&pool, limit, now, &chi).await? {
                    Some(p) => outln!(
                        "{} records removed, up to anchor {} of {}",
                        p.righe,
                        p.ancora,
                        p.giorno
                    ),
                    None => outln!(
                        "nothing removed: there is no anchor of {} or earlier",
                        limit.day(now.date_naive())
                    ),
                }
            }
            Self::Cf { .. } => {}
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// The user of the system.
fn user() -> Result<Option<String>, Sentence> {
    Ok(nix::unistd::User::from_uid(nix::unistd::getuid())?.map(|user| user.name))
}

impl Acknowledge {
    async fn run(self, pool: &sqlx::PgPool, clock: &Clock) -> Result<(), Sentence> {
        let nome = match self.operatore {
            Some(nome) => nome,
            None => user()?.ok_or("this user has no name: give --operatore")?,
        };
        let operatore = Operatore::parse(&nome, None)?;
        let (nome, motivo) = (operatore.name(), self.motivo.as_str());
        let done = acknowledge::acknowledge(pool, self.ancora, nome, motivo, clock.now()).await?;
        outln!(
            "acknowledgement {}: the clock fault at anchor {} of {}, by {}",
            done.numero,
            done.ancora,
            done.giorno,
            done.operatore
        );
        Ok(())
    }
}

fn tell(verification: &Verification) -> ExitCode {
    for discrepancies in &verification.faults {
        outln!("{discrepancies}");
    }
    for acknowledged in &verification.acknowledged {
        outln!("{acknowledged}");
    }
    outln!(
        "{} chains, {} records, {} anchors: {}",
        verification.chains,
        verification.records,
        verification.anchors,
        match (verification.outcome(), verification.faults.len()) {
            (VerificationOutcome::Intact, _) => "as they were written".to_owned(),
            (VerificationOutcome::Acknowledged, _) =>
                "as they were written, but for what was acknowledged".to_owned(),
            (VerificationOutcome::Tampered, 1) => "one thing is not as it was written".to_owned(),
            (VerificationOutcome::Tampered, n) =>
                format!("{n} things are not as they were written"),
        }
    );
    for pruned in &verification.prunings {
        outln!("pruned: {pruned}");
    }
    for (before, last) in &verification.gaps {
        outln!(
            "no chain has a number from {before} to {last}, and no anchor names one: their openings failed, or they were \
             removed before an anchor saw them"
        );
    }
    if verification.unended > 0 {
        outln!(
            "{} streams have no end in the log: under way, or their service was killed",
            verification.unended
        );
    }
    match verification.outcome() {
        VerificationOutcome::Intact => ExitCode::SUCCESS,
        VerificationOutcome::Acknowledged => ExitCode::from(ACKNOWLEDGED),
        VerificationOutcome::Tampered => ExitCode::from(TAMPERED),
    }
}

impl AuditExportArgs {
    async fn run(self, pool: &sqlx::PgPool) -> Result<(), Sentence> {
        let giorni = LogDays {
            dal: self.dal,
            al: self.al,
        };
        let mut out: Box<dyn Write + Send> = match &self.file {
            None => Box::new(io::BufWriter::new(stdio::stream())),
            Some(path) => {
                let file = file::private()
                    .write(true)
                    .create_new(true)
                    .open(path)
                    .map_err(|error| format!("{}: {error}", path.display()))?;
                Box::new(io::BufWriter::new(file))
            }
        };
        let (written, what) = match self.formato {
            AuditExportFormat::Jsonl => {
                (export::json_lines(pool, giorni, &mut out).await?, "records")
            }
            AuditExportFormat::Pdnd => {
                (tracing_report::csv(pool, giorni, &mut out).await?, "lines")
            }
        };
        if let Some(path) = &self.file {
            outln!("{written} {what} written to {}", path.display());
        }
        Ok(())
    }
}
