//! The report without a scan: the sums that the load keeps, and the memory that answers from them.

mod damage;
mod letture;
mod memoria;
mod migrazione;
mod modello;
mod ultima;

use omnia::{
    abilitazione::{Abilitazione, Permesso},
    clock::Clock,
    contract::proto,
    error::Violations,
    report::filtro::FiltroReport,
};
use sqlx::PgPool;

use crate::{
    abilitazione::{PACKAGE, Scena, nuova, scena},
    modello::Estratto,
    servizio::carica_in,
};

/// A database, and the decision on a report for somebody who may see everything.
async fn tutto() -> (Scena, Abilitazione) {
    let scena = scena().await;
    let tutto = nuova("tutto", "mlps-ammortizzatori", "2026-01-01", "2026-12-31");
    scena.grant(&tutto).await;
    let path = format!("{PACKAGE}ReportService/GetReportSintetico");
    let esito = scena.knock(&path, Some(&scena.token("tutto"))).await;
    (scena, esito.reached.unwrap().abilitazione.unwrap())
}

fn permesso(chi: &Abilitazione, filtro: proto::FiltroReport) -> Permesso<FiltroReport> {
    let mut violations = Violations::default();
    let filtro = FiltroReport::parse(&mut violations, Some(filtro));
    violations.finish().unwrap();
    chi.permetti(filtro).unwrap()
}

/// Loads extracts one after the other, a month apart, from rilevazione 1.
async fn carica_tutti(owner: &PgPool, estratti: &[Estratto]) {
    let clock = Clock::from_fn(|| "2026-11-23T09:00:00Z".parse().unwrap());
    for (n, estratto) in (1..).zip(estratti) {
        let data = format!("2026-{n:02}-01");
        assert_eq!(carica_in(owner, &clock, estratto, &data).await, n);
    }
}

/// The sums, whole.
async fn somme(owner: &PgPool) -> Vec<String> {
    sqlx::query_scalar("select s::text from somma_giorno s order by 1")
        .fetch_all(owner)
        .await
        .unwrap()
}
