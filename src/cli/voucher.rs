//! `omnia voucher`: what this service would say to a token, check by check.

use std::process::ExitCode;

use clap::{Args, Subcommand};

use super::secret_text::SecretText;
use crate::{
    abilitazione::{
        authn::{AuthScheme, CheckEntry, Credentials},
        grants::Ente,
    },
    app,
    clock::Clock,
    config::Settings,
    contract::{proto::PACKAGE, vocabulary::Vocabulary},
    error::{Error, Sentence},
    output::stdio::outln,
};

/// Look at tokens as the service does.
#[derive(Debug, Args)]
pub(super) struct Voucher {
    #[command(subcommand)]
    command: VoucherCommand,
}

#[derive(Debug, Subcommand)]
enum VoucherCommand {
    Check(VoucherCheck),
}

/// Check a token (and its proof, and its evidence) by the settings and the clock of this machine, and print each check.
///
/// A text is given as it is, as `@FILE`, or as `-` for standard input (one of them). On a command line others can see
/// it: prefer a file. Exit code 1 if any check fails.
#[derive(Debug, Args)]
struct VoucherCheck {
    /// The token; `Bearer ` or `DPoP ` may stand before it.
    token: SecretText,
    /// The proof: what the `dpop` header would hold.
    #[arg(long)]
    proof: Option<SecretText>,
    /// The evidence: what the `agid-jwt-trackingevidence` header would hold.
    #[arg(long)]
    evidence: Option<SecretText>,
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
        let VoucherCommand::Check(check) = self.command;
        check.run(settings).await
    }
}

impl VoucherCheck {
    async fn run(self, settings: &Settings) -> Result<ExitCode, Sentence> {
        let texts = [
            Some(&self.token),
            self.proof.as_ref(),
            self.evidence.as_ref(),
        ];
        if texts
            .iter()
            .filter(|text| **text == Some(&SecretText::Stdin))
            .count()
            > 1
        {
            return Err("only one text can come from standard input".into());
        }
        let rpc = self.rpc.as_deref().map(rpc).transpose()?;
        #[cfg(feature = "demo")]
        let access = super::demo::with_demo_keys(settings)?;
        #[cfg(not(feature = "demo"))]
        let access = settings.access.clone();
        let callers = app::authenticator(&access, None, Clock::system()).await?;
        let token = self.token.read()?;
        let trial = self.proof.as_ref().map(SecretText::read).transpose()?;
        let evidence = self.evidence.as_ref().map(SecretText::read).transpose()?;
        let (schema, token) = schema(&token, trial.is_some());
        let credentials = Credentials {
            scheme: schema,
            token,
            proof: trial.as_deref(),
            evidence: evidence.as_deref(),
        };
        let (passi, esito) = callers.check_all(&credentials, rpc.as_deref()).await;
        for passo in &passi {
            outln!("{passo}");
        }
        let esito = match (esito, self.ente) {
            (Ok(identity), Some(ente)) => {
                let required = identity.check_evidence_for(ente.as_str());
                let passo = CheckEntry {
                    name: "ente: evidence",
                    error: required
                        .as_ref()
                        .err()
                        .map(|error| error.message.to_string()),
                    note: ente.to_string(),
                };
                outln!("{passo}");
                required.map(|()| identity)
            }
            (esito, _) => esito,
        };
        match esito {
            Ok(identity) => {
                outln!(
                    "\nThe service would know the caller as {:?}, purpose {}, user {}.",
                    identity.soggetto(),
                    identity.finalita().unwrap_or("none"),
                    identity.utente().unwrap_or("none")
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

fn refusal(error: &Error, passi: &[CheckEntry]) -> String {
    let failed = passi.iter().filter(|passo| passo.error.is_some()).count();
    format!(
        "The service would refuse it as {}; checks that failed: {}.",
        error.reason.as_str_name(),
        failed.max(1)
    )
}

/// How a token is presented: as it says, or else as what comes with it says.
fn schema(token: &str, with_proof: bool) -> (AuthScheme, &str) {
    for (name, schema) in [("bearer ", AuthScheme::Bearer), ("dpop ", AuthScheme::Dpop)] {
        if let Some((prefix, rest)) = token.split_at_checked(name.len())
            && prefix.eq_ignore_ascii_case(name)
        {
            return (schema, rest.trim_start());
        }
    }
    let schema = if with_proof {
        AuthScheme::Dpop
    } else {
        AuthScheme::Bearer
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_says_how_it_is_presented() {
        for (text, with_proof, expected) in [
            ("a.b.c", false, (AuthScheme::Bearer, "a.b.c")),
            ("a.b.c", true, (AuthScheme::Dpop, "a.b.c")),
            ("Bearer a.b.c", true, (AuthScheme::Bearer, "a.b.c")),
            ("DPOP  a.b.c", false, (AuthScheme::Dpop, "a.b.c")),
            ("dpop", false, (AuthScheme::Bearer, "dpop")),
            ("èèèè", false, (AuthScheme::Bearer, "èèèè")),
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
