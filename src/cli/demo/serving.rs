//! `omnia demo`: everything at once, to see the service work.
//!
//! The first run makes a private cluster, loads a year of invented rilevazioni ([`loading`]) and registers a grant for each
//! profile. Later runs find all that and serve at once.

use std::{
    fmt::Write as _,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::ExitCode,
    time::Duration,
};

use chrono::Months;
use clap::Args;
use sqlx::PgPool;
use tokio_util::sync::CancellationToken;
use tonic::{Request, metadata::AsciiMetadataValue, transport::Endpoint};

use super::{
    super::{
        report_table::table,
        serve::{audit_key, ended, listen, supervised},
        stop::Stop,
    },
    loading,
};
use crate::{
    abilitazione::{
        Ambito, AmbitoCodes, DecisionTable, PolicySource, Profilo,
        authn::KeyLocation,
        grants::{
            self, EffectiveStato, Ente, ImprontaModulo, LimitiAa07, ProtocolloPec, RichiestaAa07,
        },
        sign_in::DemoUser,
    },
    app,
    clock::Clock,
    config::Settings,
    contract::{
        proto::{GetReportSinteticoRequest, PACKAGE, report_service_client::ReportServiceClient},
        vocabulary::Vocabulary,
    },
    demo::{
        demo_key::{self, DemoKey},
        sample::{DISCLAIMER, MAX_ROWS},
    },
    error::Sentence,
    output::stdio::outln,
    postgres::{self, Postgres},
    transport::files,
};

/// Who approves a grant is not who recorded it, not even here.
const OPERATORS: [&str; 2] = ["omnia demo (records)", "omnia demo (approves)"];
/// How long the printed tokens are good for.
const TOKEN_HOURS: u32 = 12;

/// Serve invented data from a private cluster, with tokens to try every profile.
#[derive(Debug, Args)]
pub(in crate::cli) struct Demo {
    /// Rows of the latest of the twelve rilevazioni, some more or less, where there are no data yet.
    #[arg(long, value_name = "N", default_value_t = 100_000,
          value_parser = clap::value_parser!(u64).range(1..=MAX_ROWS))]
    righe: u64,
}

const GET_REPORT: &str = "ReportService/GetReportSintetico";
const REPORT_PATH: &str = "/v1/report-sintetico?normativa=DL109-2018-ART44";
const LIST_DECREES: &str = "DecreeService/ListDecrees";
const LIST_GRANTS: &str = "GrantService/ListGrants";

/// What the demo serves with.
struct DemoScene {
    key: DemoKey,
    jwks: PathBuf,
    profili: Vec<DemoProfile>,
    clock: Clock,
}

/// A profile of the policy, and which of the printed commands it may give.
struct DemoProfile {
    profilo: String,
    report: bool,
    decreti: bool,
    abilitazioni: bool,
}

impl Demo {
    /// Prepares what is missing, then serves until Ctrl-C.
    ///
    /// # Errors
    /// A sentence: what could not be prepared or served.
    pub(super) async fn run(self, mut settings: Settings) -> Result<ExitCode, Sentence> {
        files::raise();
        if settings.database.url.is_some() {
            // Invented decrees among real ones would be worse than no demo.
            return Err("the demo runs on a private cluster of its own: unset DATABASE_URL".into());
        }
        if settings.tls.cert_file.is_some() {
            // Its own client and the commands that it prints are in plain text.
            return Err("the demo serves plain text: leave tls.cert_file out".into());
        }
        let dir = postgres::data_dir(&settings.database)?.join("demo");
        let stop = Stop::on_signals(Duration::from_secs(settings.server.drain_seconds))?;
        let opened = stop.unless_asked(postgres::open(&settings.database)).await;
        let Some(postgres) = opened.transpose()? else {
            return Err("interrupted".into());
        };
        let serving = async {
            let prepared = self.prepare(&postgres, &dir, &settings);
            let Some(scene) = stop.unless_asked(prepared).await.transpose()? else {
                return Err("interrupted".into());
            };
            settings.access.jwks = Some(KeyLocation::File(scene.jwks.clone()));
            settings.cruscotto.demo_users = scene.users(&settings);
            scene
                .serve(&settings, &postgres, stop.token().clone())
                .await
        };
        let outcome = supervised(&postgres, &stop, serving).await;
        ended(postgres, &stop, outcome).await
    }

    async fn prepare(
        &self,
        postgres: &Postgres,
        dir: &Path,
        settings: &Settings,
    ) -> Result<DemoScene, Sentence> {
        let clock = Clock::system();
        let owner = postgres.owner_pool();
        postgres::migrate(postgres.owner()).await?;
        let key = demo_key::create_or_load(dir)?;
        loading::load_missing(&owner, dir, self.righe, settings.export.batch_rows).await?;
        let source = PolicySource::of_settings(settings.access.policy_dir.as_deref())?;
        let table = DecisionTable::build(&source, &Vocabulary::of_contract()?).await?;
        register_grants(&owner, &clock, &table).await?;
        let profili = table
            .profili()
            .map(|p| DemoProfile {
                profilo: p.name().to_owned(),
                report: p.decision(GET_REPORT).is_some(),
                decreti: p.decision(LIST_DECREES).is_some(),
                abilitazioni: p.decision(LIST_GRANTS).is_some(),
            })
            .collect();
        Ok(DemoScene {
            key,
            jwks: demo_key::jwks_path(dir),
            profili,
            clock,
        })
    }
}

/// Who the demo's grants are for.
fn soggetto(profilo: &str) -> String {
    format!("demo-{profilo}")
}

/// One grant a profile on everything, for a year; a new one where the last has run out.
async fn register_grants(
    owner: &PgPool,
    clock: &Clock,
    table: &DecisionTable,
) -> Result<(), Sentence> {
    let today = clock.today();
    let registered = grants::list(owner).await?;
    for profilo in table.profili().map(Profilo::name) {
        let soggetto = soggetto(profilo);
        let has_one = registered.iter().any(|r| {
            r.aa07.soggetto == soggetto && r.effective_stato(today) == EffectiveStato::Attiva
        });
        if has_one {
            continue;
        }
        let richiesta = RichiestaAa07 {
            protocollo_pec: ProtocolloPec::parse("DEMO")?,
            impronta_modulo: ImprontaModulo::of(b"the demo has no form"),
            soggetto,
            ente: match profilo.split('-').next() {
                Some("mlps") => Ente::Mlps,
                Some("mef") => Ente::Mef,
                _ => Ente::Inps,
            },
            profilo: profilo.to_owned(),
            ambito: Ambito::new(AmbitoCodes::All, AmbitoCodes::All),
            valida_dal: today,
            valida_al: today + Months::new(12),
            limiti: LimitiAa07::default(),
            sostituisce: None,
        };
        grants::record_and_approve(owner, clock, table, &richiesta, OPERATORS, "for the demo")
            .await?;
    }
    Ok(())
}

impl DemoScene {
    /// Who may sign in with a browser: one user a profile.
    fn users(&self, settings: &Settings) -> Vec<DemoUser> {
        let users = self
            .profili
            .iter()
            .map(|DemoProfile { profilo, .. }| DemoUser {
                issuer: settings.access.issuer.clone(),
                soggetto: soggetto(profilo),
                name: profilo.clone(),
            });
        users.collect()
    }

    fn token(&self, settings: &Settings, profilo: &str) -> Result<String, Sentence> {
        let access = &settings.access;
        let soggetto = soggetto(profilo);
        let token = self.key.token(
            &access.issuer,
            &access.audience,
            &soggetto,
            TOKEN_HOURS,
            &self.clock,
        )?;
        Ok(token)
    }

    async fn serve(
        &self,
        settings: &Settings,
        postgres: &Postgres,
        stop: CancellationToken,
    ) -> Result<(), Sentence> {
        let database = postgres.serving();
        let layer = app::access(settings, database, self.clock.clone()).await?;
        let listener = listen(settings).await?;
        let address = listener.local_addr()?;
        let audit = app::audit(database, audit_key(settings)?, self.clock.clone()).await?;
        let server = app::serve(settings, database, layer, audit, listener, stop.clone());
        let shown = async {
            let shown = self.show(settings, address).await;
            if shown.is_err() {
                stop.cancel();
            }
            shown
        };
        let (served, shown) = tokio::join!(server, shown);
        shown.and(served)
    }

    /// Asks the server that has just started, as any client would, and tells how to go on.
    async fn show(&self, settings: &Settings, address: SocketAddr) -> Result<(), Sentence> {
        let reader = self.profili.iter().find(|p| p.report);
        let reader = &reader
            .ok_or("no profile of the policy may see the report")?
            .profilo;
        let channel = Endpoint::from_shared(format!("http://{address}"))?
            .connect()
            .await?;
        let mut request = Request::new(GetReportSinteticoRequest::default());
        let bearer: AsciiMetadataValue =
            format!("Bearer {}", self.token(settings, reader)?).parse()?;
        request.metadata_mut().insert("authorization", bearer);
        let report = ReportServiceClient::new(channel)
            .get_report_sintetico(request)
            .await?
            .into_inner();
        outln!("\nReport sintetico, euro ({DISCLAIMER})\n");
        outln!("{}\n", table(&report));
        outln!("{}", self.commands(settings, address)?);
        if cfg!(feature = "cruscotto") {
            outln!(
                "The pages for people are at http://{address}/cruscotto (in Chromium or Firefox)\n"
            );
        }
        outln!("Serving on {address} until Ctrl-C");
        Ok(())
    }

    /// Commands to copy and paste: every profile asks for the report and for one decree, INPS staff for one grant.
    fn commands(&self, settings: &Settings, address: SocketAddr) -> Result<String, Sentence> {
        let mut text =
            format!("Tokens are good for {TOKEN_HOURS} hours; `omnia token` makes others.\n");
        for DemoProfile {
            profilo,
            report,
            decreti,
            abilitazioni,
        } in &self.profili
        {
            let variable = profilo.replace('-', "_").to_uppercase();
            let token = self.token(settings, profilo)?;
            // Writing to a String cannot fail.
            let _ = writeln!(text, "\n# {profilo}\n{variable}={token}");
            for (rpc, allowed, request) in [
                (
                    GET_REPORT,
                    report,
                    r#"{"filtro":{"normativa":["DL109-2018-ART44"]}}"#,
                ),
                (
                    LIST_DECREES,
                    decreti,
                    r#"{"normativa":"DL109-2018-ART44","page_size":1}"#,
                ),
                (LIST_GRANTS, abilitazioni, r#"{"page_size":1}"#),
            ] {
                // Most have nothing to do with grants, and need not be told so.
                if rpc == LIST_GRANTS && !allowed {
                    continue;
                }
                if !allowed {
                    let _ = writeln!(text, "# the profile may not make this call:");
                }
                let _ = writeln!(
                    text,
                    "grpcurl -plaintext -H \"authorization: Bearer ${variable}\" -d '{request}' {address} {PACKAGE}.{rpc}"
                );
                if rpc == GET_REPORT {
                    let _ = writeln!(
                        text,
                        "curl -H \"authorization: Bearer ${variable}\" 'http://{address}{REPORT_PATH}'"
                    );
                }
            }
        }
        Ok(text)
    }
}
