//! What is refused, what a profile does not see, and what is not answered where the sums are not those of the load.

use omnia::contract::proto::{
    ErrorReason, FiltroMonitoraggio, Finestra, GetAndamentoRequest, Imputazione, Passo,
};
use tonic::Code;

use super::{andamento, storia};
use crate::{calls, errors::assert_error, model::NORMATIVE, server::TestServer};

fn accrued() -> GetAndamentoRequest {
    GetAndamentoRequest {
        imputazione: Imputazione::Competenza.into(),
        ..Default::default()
    }
}

fn window(from: &str, to: &str) -> Option<Finestra> {
    Some(Finestra {
        dal_mese: from.into(),
        al_mese: to.into(),
    })
}

#[tokio::test]
async fn all_that_is_wrong_is_named() {
    let server = TestServer::start().await;
    let mut client = server.clients_of("mlps-ammortizzatori").await;
    let none = andamento(&mut client, accrued()).await.unwrap_err();
    assert_error(&none, Code::FailedPrecondition, ErrorReason::NoRilevazione);
    server.load(&calls::extract(), "2026-10-31").await;

    let bad = GetAndamentoRequest {
        filtro: Some(FiltroMonitoraggio {
            normativa: vec!["x".into()],
            prestazione: vec!["CIGS".into(); 101],
        }),
        rilevazione: -1,
        imputazione: 0,
        passo: 9,
        finestra: window("2023", "2023-13"),
    };
    let error = andamento(&mut client, bad).await.unwrap_err();
    let error = assert_error(&error, Code::InvalidArgument, ErrorReason::InvalidRequest);
    assert_eq!(
        error.violations,
        [
            "filtro.normativa[0]",
            "filtro.prestazione",
            "rilevazione",
            "imputazione",
            "passo",
            "finestra.dal_mese",
            "finestra.al_mese"
        ]
    );
    // A code that is no norm's, as in the report.
    let unknown = GetAndamentoRequest {
        filtro: Some(FiltroMonitoraggio {
            normativa: vec!["NO-SUCH-NORM".into()],
            ..Default::default()
        }),
        ..accrued()
    };
    let error = andamento(&mut client, unknown).await.unwrap_err();
    assert_error(&error, Code::InvalidArgument, ErrorReason::InvalidRequest);
    let error = storia(&mut client, 7).await.unwrap_err();
    assert_error(&error, Code::NotFound, ErrorReason::RilevazioneNotFound);
    // Ten thousand years of months are too many points, and of years are not.
    let ages = GetAndamentoRequest {
        finestra: window("0001-01", "9999-12"),
        ..accrued()
    };
    let error = andamento(&mut client, ages.clone()).await.unwrap_err();
    let error = assert_error(&error, Code::InvalidArgument, ErrorReason::InvalidRequest);
    assert_eq!(error.violations[0], "finestra");
    let years = GetAndamentoRequest {
        filtro: Some(FiltroMonitoraggio {
            normativa: vec![NORMATIVE[0].into()],
            ..Default::default()
        }),
        passo: Passo::Anno.into(),
        ..ages
    };
    let answer = andamento(&mut client, years).await.unwrap();
    assert_eq!(answer.totale.unwrap().punti.len(), 9999);
    server.stop().await;
}

#[tokio::test]
async fn a_window_says_what_lies_in_it_and_cumulates_what_lies_before() {
    let server = TestServer::start().await;
    let mut client = server.clients_of("mlps-ammortizzatori").await;
    server.load(&calls::extract(), "2026-10-31").await;
    let whole = GetAndamentoRequest {
        finestra: window("2022-01", "2022-12"),
        ..accrued()
    };
    let whole = andamento(&mut client, whole).await.unwrap().totale.unwrap();
    let part = GetAndamentoRequest {
        finestra: window("2022-03", "2022-05"),
        ..accrued()
    };
    let part = andamento(&mut client, part).await.unwrap().totale.unwrap();
    assert_eq!(part.punti, whole.punti[2..5]);
    assert_eq!(whole.punti.len(), 12);
    let cap = whole.punti[0].stanziamento.as_ref().unwrap();
    assert_eq!(cap.totale_stanziamenti, "6000000.00");
    // Where nothing is, there are points that say so.
    let later = GetAndamentoRequest {
        finestra: window("2090-01", "2090-02"),
        ..accrued()
    };
    let later = andamento(&mut client, later).await.unwrap().totale.unwrap();
    assert_eq!(later.punti.len(), 2);
    assert_eq!(
        later.punti[0].cifre.as_ref().unwrap().importi_erogati,
        "0.00"
    );
    assert_eq!(later.punti[0].stanziamento, None);
    server.stop().await;
}

#[tokio::test]
async fn who_may_not_list_decrees_sees_no_rows_and_hours() {
    let server = TestServer::start().await;
    server.load(&calls::extract(), "2026-10-31").await;
    for (profilo, seen) in [("mef-rgs", true), ("mef-sintesi", false)] {
        let mut client = server.clients_of(profilo).await;
        let answer = andamento(&mut client, accrued()).await.unwrap();
        let cifre = answer.totale.unwrap().totale.unwrap();
        assert_eq!(cifre.righe > 0, seen, "{profilo}");
        assert_eq!(!cifre.ore_decretate.is_empty(), seen, "{profilo}");
        assert!(!cifre.importi_autorizzati.is_empty());
        let answer = storia(&mut client, 0).await.unwrap();
        let cifre = answer.totale.unwrap().punti[0].cifre.clone().unwrap();
        assert_eq!(cifre.righe > 0, seen, "{profilo}");
        assert_eq!(!cifre.ore_decretate.is_empty(), seen, "{profilo}");
    }
    server.stop().await;
}

#[tokio::test]
async fn no_figure_is_made_of_other_sums() {
    for damage in [
        "update somma_mese set competenza_erogati = competenza_erogati + 0.01 where mese = (select min(mese) from somma_mese)",
        "delete from somma_mese where mese = (select max(mese) from somma_mese)",
        "update totale_controllo set righe = righe + 1",
    ] {
        let server = TestServer::start().await;
        server.load(&calls::extract(), "2026-10-31").await;
        let mut client = server.clients_of("mlps-ammortizzatori").await;
        sqlx::query(damage).execute(&server.db.owner).await.unwrap();
        let error = andamento(&mut client, accrued()).await.unwrap_err();
        assert_error(&error, Code::DataLoss, ErrorReason::DerivedDataDamaged);
        if damage.contains("totale_controllo") {
            let error = storia(&mut client, 0).await.unwrap_err();
            assert_error(&error, Code::DataLoss, ErrorReason::DerivedDataDamaged);
        }
        server.stop().await;
    }
}
