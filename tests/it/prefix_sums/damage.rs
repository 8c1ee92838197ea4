//! Sums by day, or what the load noted of them, that were changed: the report ends with an error, and does not say 0.00.

use omnia::{
    app::derivations,
    contract::proto::{ErrorReason, FiltroReport, GetReportSinteticoRequest},
    report::cache::ReportCache,
    rilevazione::derived::{rebuild, verify},
};
use sqlx::AssertSqlSafe;
use tonic::Code;

use super::{full_access, load_all, permesso, sums};
use crate::{calls, errors::assert_error, model::NORMATIVE, server::TestServer};

const BLOCK: u32 = omnia::blocks::block::ROWS_PER_BLOCK;

#[tokio::test]
async fn no_figure_is_made_of_other_sums() {
    let (scena, chi) = full_access().await;
    let owner = &scena.db.owner;
    let mut seconda = calls::extract();
    seconda.rows[0].erogati += 1;
    load_all(owner, &[calls::extract(), seconda]).await;
    let any = permesso(&chi, FiltroReport::default());
    let before = sums(owner).await;
    // A memory that has read nothing yet: as after a start.
    let read = async |rilevazione: i32| {
        let memoria = ReportCache::new(scena.db.serving.clone(), 1);
        memoria.prefix_sums(&any, rilevazione).await
    };
    let right = [read(1).await.unwrap(), read(2).await.unwrap()];
    let norm = NORMATIVE[0];
    for harm in [
        format!("delete from somma_giorno where normativa = '{norm}'"),
        // Each of the two that remember it is gone too.
        format!(
            "delete from somma_giorno where normativa = '{norm}'; delete from totale_controllo where normativa = '{norm}'"
        ),
        "delete from somma_giorno; delete from totale_controllo".to_owned(),
        // The totals are as they were: figures of a periodo would not be.
        format!(
            "update somma_giorno set giorno = giorno + 1
             where normativa = '{norm}' and giorno = (select max(giorno) from somma_giorno where normativa = '{norm}')"
        ),
        format!(
            "update somma_giorno set iniziano_erogati = iniziano_erogati + 0.01
             where normativa = '{norm}' and giorno = (select min(giorno) from somma_giorno where normativa = '{norm}')"
        ),
        format!("update somma_giorno set prestazione = 'AIS' where normativa = '{norm}' and prestazione = 'CIGS'"),
        format!("update totale_controllo set righe = righe + 1 where normativa = '{norm}'"),
        "update rilevazione set totali = null".to_owned(),
        "update rilevazione set totali = sha256('x')".to_owned(),
    ] {
        let done = sqlx::raw_sql(AssertSqlSafe(harm.clone()))
            .execute(owner)
            .await
            .unwrap();
        assert!(done.rows_affected() > 0, "{harm}");
        for rilevazione in [1, 2] {
            let error = read(rilevazione).await.unwrap_err();
            assert_eq!(error.reason, ErrorReason::DerivedDataDamaged, "{harm}");
            let why = error.source.unwrap().to_string();
            assert!(why.contains("`omnia derived rebuild`"), "{why}");
        }
        assert!(!verify(owner, &derivations(BLOCK), |_, _, _| ()).await.unwrap().is_empty(), "{harm}");
        let left = rebuild(owner, &derivations(BLOCK), &[], false, |_, _| ()).await.unwrap();
        assert_eq!(left, [], "{harm}");
        assert_eq!(verify(owner, &derivations(BLOCK), |_, _, _| ()).await.unwrap(), [], "{harm}");
        assert_eq!(sums(owner).await, before, "{harm}");
        let now = [read(1).await.unwrap(), read(2).await.unwrap()];
        assert_eq!(now, right, "{harm}");
    }
    // Days that are missing in the rilevazioni between two loads that changed the norm are found too.
    sqlx::query(
        "update somma_giorno set al_rilevazione = 1 where dal_rilevazione = 1 and normativa = $1",
    )
    .bind(NORMATIVE[1])
    .execute(owner)
    .await
    .unwrap();
    assert!(read(1).await.is_ok());
    assert!(read(2).await.is_err());
    assert!(
        !verify(owner, &derivations(BLOCK), |_, _, _| ())
            .await
            .unwrap()
            .is_empty()
    );
}

#[tokio::test]
async fn the_caller_gets_data_loss_until_they_are_made_again() {
    let servizio = TestServer::start().await;
    servizio.load(&calls::extract(), "2026-10-31").await;
    let owner = &servizio.db.owner;
    sqlx::query("delete from somma_giorno where normativa = $1")
        .bind(NORMATIVE[0])
        .execute(owner)
        .await
        .unwrap();
    let mut cliente = servizio.clients_of("mlps-ammortizzatori").await;
    let ask = GetReportSinteticoRequest::default;
    let status = cliente
        .report
        .get_report_sintetico(ask())
        .await
        .unwrap_err();
    let errore = assert_error(&status, Code::DataLoss, ErrorReason::DerivedDataDamaged);
    assert!(errore.metadata.contains_key("request_id"));
    rebuild(owner, &derivations(BLOCK), &[], false, |_, _| ())
        .await
        .unwrap();
    let report = cliente.report.get_report_sintetico(ask()).await.unwrap();
    let totale = report.into_inner().totale.unwrap();
    let rows: String =
        sqlx::query_scalar("select sum(importi_erogati)::text from dettaglio_decreto")
            .fetch_one(owner)
            .await
            .unwrap();
    assert_eq!(totale.importi_erogati, rows);
    servizio.stop().await;
}
