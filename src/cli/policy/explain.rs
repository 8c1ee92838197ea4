//! `omnia policy explain`: why a call is allowed or refused. The same question as `AccessService/ExplainAccess`, to the
//! policy and the database of the settings.

use std::{fmt, path::PathBuf};

use clap::Args;

use crate::{
    abilitazione::{AccessExplainer, ActivePolicy, PolicySource},
    clock::Clock,
    config::Settings,
    contract::{
        proto::{
            ExplainAccessRequest, ExplainAccessResponse, Spiegazione, explain_access_request::Chi,
        },
        vocabulary::Vocabulary,
    },
    error::Sentence,
    postgres,
};

/// Say why a call of a profile or of a subject is allowed or refused, with the grant and the rows that decide.
#[derive(Debug, Args)]
pub(super) struct ExplainArgs {
    #[command(flatten)]
    who: ExplainCaller,
    /// The call: DecreeService/ListDecrees.
    #[arg(long, value_name = "CALL")]
    rpc: String,
    /// The filters that it uses, comma-separated.
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    filtri: Vec<String>,
    /// The columns that are asked about, comma-separated.
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    colonne: Vec<String>,
    /// The norms that it names, comma-separated; with --soggetto.
    #[arg(long, value_name = "CODES", value_delimiter = ',')]
    normative: Vec<String>,
    /// The benefits that it names, comma-separated; with --soggetto.
    #[arg(long, value_name = "CODES", value_delimiter = ',')]
    prestazioni: Vec<String>,
    /// When it is made (2026-12-22T09:30:00Z); with --soggetto. Without it: now.
    #[arg(
        long,
        value_name = "INSTANT",
        default_value = "",
        hide_default_value = true
    )]
    istante: String,
    /// The client's address that it is made from; with --soggetto. Without it: networks are not asked about.
    #[arg(long, value_name = "IP", default_value = "", hide_default_value = true)]
    indirizzo: String,
    /// Directory of the policy that decides. Without it: `access.policy_dir`, or the policy built in.
    #[arg(value_name = "DIR")]
    dir: Option<PathBuf>,
}

#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
struct ExplainCaller {
    /// A profile of the policy, whatever the grant.
    #[arg(long)]
    profilo: Option<String>,
    /// The `sub` of a token: its grant is read from the database.
    #[arg(long)]
    soggetto: Option<String>,
}

impl ExplainArgs {
    /// The explanation as a text.
    ///
    /// # Errors
    /// A bad question, a bad policy, no database.
    pub(super) async fn run(
        self,
        settings: &Settings,
        vocabulary: Vocabulary,
    ) -> Result<String, Sentence> {
        let dir = self.dir.as_ref().or(settings.access.policy_dir.as_ref());
        let source = PolicySource::of_settings(dir.map(PathBuf::as_path))?;
        let politica = ActivePolicy::load(&source, &vocabulary).await?;
        let needs_grants = self.who.soggetto.is_some();
        let request = ExplainAccessRequest {
            chi: (self.who.profilo.map(Chi::Profilo)).or(self.who.soggetto.map(Chi::Soggetto)),
            rpc: self.rpc,
            filtri: self.filtri,
            colonne: self.colonne,
            normative: self.normative,
            prestazioni: self.prestazioni,
            istante: self.istante,
            indirizzo: self.indirizzo,
            politica_proposta: String::new(),
        };
        let clock = Clock::system();
        if !needs_grants {
            let explainer = AccessExplainer::new(politica, vocabulary, None, clock);
            return Ok(ExplanationText(&explainer.explain(request).await?).to_string());
        }
        let postgres = postgres::join(&settings.database).await?;
        postgres::check_schema(postgres.serving()).await?;
        let pool = postgres.serving_pool();
        let explainer = AccessExplainer::new(politica, vocabulary, Some(pool), clock);
        let answer = explainer.explain(request).await;
        postgres.stop().await?;
        Ok(ExplanationText(&answer?).to_string())
    }
}

/// An answer for a terminal.
struct ExplanationText<'a>(&'a ExplainAccessResponse);

impl fmt::Display for ExplanationText<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(spiegazione) = &self.0.spiegazione {
            decision(f, spiegazione)?;
        }
        let versione = self.0.politica.as_ref().map(|p| p.versione.as_str());
        writeln!(f, "policy {}", versione.unwrap_or_default())
    }
}

fn decision(f: &mut fmt::Formatter<'_>, spiegazione: &Spiegazione) -> fmt::Result {
    if spiegazione.consentito {
        writeln!(f, "allowed")?;
    } else {
        let motivo = spiegazione.motivo().as_str_name();
        writeln!(f, "refused: {motivo}: {}", spiegazione.messaggio)?;
    }
    for grant in &spiegazione.abilitazioni {
        let counts = if grant.decisiva {
            ", the one that counts"
        } else {
            ""
        };
        writeln!(
            f,
            "grant {}: {} {} {} ... {} {}{counts}",
            grant.abilitazione,
            grant.ente,
            grant.profilo,
            grant.valida_dal,
            grant.valida_al,
            grant.stato
        )?;
        for (what, limits) in [("from", &grant.reti), ("at", &grant.orari)] {
            if !limits.is_empty() {
                writeln!(f, "  only {what} {}", limits.join(", "))?;
            }
        }
    }
    for voce in &spiegazione.voci {
        let answer = if voce.consentito { "yes" } else { "no" };
        writeln!(f, "{} {}: {answer}", voce.tipo, voce.nome)?;
        for riga in &voce.righe {
            writeln!(f, "  {}:{}: {}", riga.file, riga.riga, riga.testo)?;
        }
        if !voce.manca.is_empty() {
            writeln!(f, "  {}", voce.manca)?;
        }
    }
    Ok(())
}
