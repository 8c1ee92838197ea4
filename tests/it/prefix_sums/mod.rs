//! The report without a scan: the sums that the load keeps, and the memory that answers from them.

mod damage;
mod latest;
mod migration;
mod model;
mod reads;
mod report_cache;

use omnia::{
    abilitazione::{Abilitazione, Permesso},
    clock::Clock,
    contract::proto,
    error::Violations,
    report::filtro::FiltroReport,
};
use sqlx::PgPool;

use crate::{
    abilitazione::{DoorScene, PACKAGE, new_request, scene},
    model::ModelExtract,
    server::load_into,
};

/// A database, and the decision on a report for somebody who may see everything.
async fn full_access() -> (DoorScene, Abilitazione) {
    let test_scene = scene().await;
    let everything = new_request("tutto", "mlps-ammortizzatori", "2026-01-01", "2026-12-31");
    test_scene.grant(&everything).await;
    let path = format!("{PACKAGE}ReportService/GetReportSintetico");
    let esito = test_scene
        .knock(&path, Some(&test_scene.token("tutto")))
        .await;
    (test_scene, esito.reached.unwrap().abilitazione.unwrap())
}

fn permesso(chi: &Abilitazione, filtro: proto::FiltroReport) -> Permesso<FiltroReport> {
    let mut violations = Violations::default();
    let filtro = FiltroReport::parse(&mut violations, Some(filtro));
    violations.finish().unwrap();
    chi.permit(filtro).unwrap()
}

/// Loads extracts one after the other, a month apart, from rilevazione 1.
async fn load_all(owner: &PgPool, extracts: &[ModelExtract]) {
    let clock = Clock::from_fn(|| "2026-11-23T09:00:00Z".parse().unwrap());
    for (n, extract) in (1..).zip(extracts) {
        let data = format!("2026-{n:02}-01");
        assert_eq!(load_into(owner, &clock, extract, &data).await, n);
    }
}

/// The sums, whole.
async fn sums(owner: &PgPool) -> Vec<String> {
    sqlx::query_scalar("select s::text from somma_giorno s order by 1")
        .fetch_all(owner)
        .await
        .unwrap()
}
