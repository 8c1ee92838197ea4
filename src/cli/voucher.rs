//! `omnia voucher`: what this service would say to a token, check by check.

use std::{path::Path, process::ExitCode};

use clap::{Args, Subcommand};

use super::testo::Testo;
use crate::{
    abilitazione::{
        authn::{Credenziali, FonteChiavi, Passo, Schema},
        grants::Ente,
    },
    app,
    clock::Clock,
    config::{Access, Settings},
    contract::{proto::PACKAGE, vocabulary::Vocabulary},
    demo::demo_key::jwks_path,
    error::{Error, Sentence},
    output::stdio::outln,
    postgres,
};

/// Look at tokens as the service does.
#[derive(Debug, Args)]
pub(super) struct Voucher {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Check(Check),
}

/// Check a token (and its proof, and its evidence) by the settings and the clock of this machine, and print each check.
///
/// A text is given as it is, as `@FILE`, or as `-` for standard input (one of them). On a command line others can see
/// it: prefer a file. Exit code 1 if any check fails.
#[derive(Debug, Args)]
struct Check {
    /// The token; `Bearer ` or `DPoP ` may stand before it.
    token: Testo,
    /// The proof: what the `dpop` header would hold.
    #[arg(long)]
    proof: Option<Testo>,
    /// The evidence: what the `agid-jwt-trackingevidence` header would hold.
    #[arg(long)]
    evidence: Option<Testo>,
    /// For which call the proof is: `DecreeService/ListDecrees`.
    #[arg(long, value_name = "SERVICE/METHOD")]
    rpc: Option<String>,
    /// Whose the caller is: whether the evidence that is required of it is there.
    #[arg(long)]
    ente: Option<Ente>,
}

impl Voucher {
    /// Runs it.
    ///
    /// # Errors
    /// A sentence: a text or the keys of the settings cannot be read.
    pub(super) async fn run(self, settings: &Settings) -> Result<ExitCode, Sentence> {
        let Command::Check(check) = self.command;
        check.run(settings).await
    }
}

impl Check {
    async fn run(self, settings: &Settings) -> Result<ExitCode, Sentence> {
        let texts = [
            Some(&self.token),
            self.proof.as_ref(),
            self.evidence.as_ref(),
        ];
        if texts
            .iter()
            .filter(|text| **text == Some(&Testo::Stdin))
            .count()
            > 1
        {
            return Err("only one text can come from standard input".into());
        }
        let rpc = self.rpc.as_deref().map(rpc).transpose()?;
        let access = with_demo_keys(settings)?;
        let chiamanti = app::chiamanti(&access, None, Clock::system()).await?;
        let token = self.token.leggi()?;
        let prova = self.proof.as_ref().map(Testo::leggi).transpose()?;
        let evidenza = self.evidence.as_ref().map(Testo::leggi).transpose()?;
        let (schema, token) = schema(&token, prova.is_some());
        let credenziali = Credenziali {
            schema,
            token,
            prova: prova.as_deref(),
            evidenza: evidenza.as_deref(),
        };
        let (passi, esito) = chiamanti.esame(&credenziali, rpc.as_deref()).await;
        for passo in &passi {
            outln!("{passo}");
        }
        let esito = match (esito, self.ente) {
            (Ok(identita), Some(ente)) => {
                let required = identita.evidenza_per(ente.as_str());
                let passo = Passo {
                    nome: "ente: evidence",
                    errore: required
                        .as_ref()
                        .err()
                        .map(|error| error.message.to_string()),
                    nota: ente.to_string(),
                };
                outln!("{passo}");
                required.map(|()| identita)
            }
            (esito, _) => esito,
        };
        match esito {
            Ok(identita) => {
                outln!(
                    "\nThe service would know the caller as {:?}, purpose {}, user {}.",
                    identita.soggetto(),
                    identita.finalita().unwrap_or("none"),
                    identita.utente().unwrap_or("none")
                );
                outln!("Not checked here: whether proof or evidence were used before; the grant.");
                Ok(ExitCode::SUCCESS)
            }
            Err(error) => {
                outln!("\n{}", refusal(&error, &passi));
                Ok(ExitCode::FAILURE)
            }
        }
    }
}

fn refusal(error: &Error, passi: &[Passo]) -> String {
    let failed = passi.iter().filter(|passo| passo.errore.is_some()).count();
    format!(
        "The service would refuse it as {}; checks that failed: {}.",
        error.reason.as_str_name(),
        failed.max(1)
    )
}

/// How a token is presented: as it says, or else as what comes with it says.
fn schema(token: &str, with_proof: bool) -> (Schema, &str) {
    for (name, schema) in [("bearer ", Schema::Bearer), ("dpop ", Schema::Dpop)] {
        if let Some((prefix, rest)) = token.split_at_checked(name.len())
            && prefix.eq_ignore_ascii_case(name)
        {
            return (schema, rest.trim_start());
        }
    }
    let schema = if with_proof {
        Schema::Dpop
    } else {
        Schema::Bearer
    };
    (schema, token)
}

/// The call, however much of its path was given.
fn rpc(text: &str) -> Result<String, Sentence> {
    let short = text.strip_prefix('/').unwrap_or(text);
    let short = short
        .strip_prefix(PACKAGE)
        .and_then(|rest| rest.strip_prefix('.'))
        .unwrap_or(short);
    if Vocabulary::of_contract()?.rpc(short).is_none() {
        return Err(
            format!("there is no call {text:?}: give it as DecreeService/ListDecrees").into(),
        );
    }
    Ok(short.to_owned())
}

/// Where no issuer is set, the service is the demo's, if there is one.
fn with_demo_keys(settings: &Settings) -> Result<Access, Sentence> {
    let mut access = settings.access.clone();
    if access.jwks.is_none() && access.issuers.is_empty() {
        let path = jwks_path(&postgres::data_dir(&settings.database)?.join("demo"));
        access.jwks = Path::exists(&path).then_some(FonteChiavi::File(path));
    }
    Ok(access)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_says_how_it_is_presented() {
        for (text, with_proof, expected) in [
            ("a.b.c", false, (Schema::Bearer, "a.b.c")),
            ("a.b.c", true, (Schema::Dpop, "a.b.c")),
            ("Bearer a.b.c", true, (Schema::Bearer, "a.b.c")),
            ("DPOP  a.b.c", false, (Schema::Dpop, "a.b.c")),
            ("dpop", false, (Schema::Bearer, "dpop")),
            ("èèèè", false, (Schema::Bearer, "èèèè")),
        ] {
            assert_eq!(schema(text, with_proof), expected, "{text}");
        }
    }

    #[test]
    fn a_call_is_found_by_any_of_its_names() {
        for name in [
            "DecreeService/ListDecrees",
            "/inps.omnia.monitoraggio.v1.DecreeService/ListDecrees",
            "inps.omnia.monitoraggio.v1.DecreeService/ListDecrees",
        ] {
            assert_eq!(rpc(name).unwrap(), "DecreeService/ListDecrees");
        }
        for none in ["", "ListDecrees", "/DecreeService.ListDecrees"] {
            assert!(rpc(none).is_err(), "{none}");
        }
    }
}
