//! The twelve rilevazioni of the demo, in small: what of them the calls tell.

use omnia::{
    app::derivations,
    contract::proto::{
        GetProiezioneRequest, GetProiezioneResponse, GetTiraggioRequest, StatoStanziamento,
    },
    demo::sample::{SampleOptions, generate_sample},
    rilevazione::{Finding, load_extract},
};

use super::storia;
use crate::{
    model::Cents,
    server::{CallerClients, TestServer},
};

const CIGS: &str = "CIGS";

async fn load_twelve(server: &TestServer, rows: u64) {
    let derivations = derivations(server.settings.export.batch_rows);
    let folder = tempfile::tempdir().unwrap();
    for rilevazione in 1..=12 {
        let options = SampleOptions {
            rows,
            seed: 1,
            rilevazione,
        };
        let sources = generate_sample(options, folder.path(), |_| {}).unwrap();
        let mut findings: Vec<Finding> = Vec::new();
        let (owner, clock) = (&server.db.owner, &server.clock);
        load_extract(owner, &sources, &derivations, clock, &mut findings)
            .await
            .unwrap();
        assert!(findings.is_empty(), "{findings:?}");
    }
}

async fn projection(client: &mut CallerClients, normativa: &str) -> GetProiezioneResponse {
    let request = GetProiezioneRequest {
        normativa: normativa.into(),
        prestazione: CIGS.into(),
        anno: 2026,
        ..Default::default()
    };
    let answer = client.monitoraggio.get_proiezione(request).await;
    answer.unwrap().into_inner()
}

#[tokio::test]
async fn the_year_of_the_demo_shows_what_there_is_to_see() {
    let server = TestServer::start().await;
    load_twelve(&server, 3_000).await;
    let mut client = server.clients_of("mlps-consultazione").await;
    one_cap_is_reached_and_another_will_be(&mut client).await;
    decrees_are_paid_late(&mut client).await;
    rows_fall_through(&mut client).await;
    server.stop().await;
}

async fn one_cap_is_reached_and_another_will_be(client: &mut CallerClients) {
    use StatoStanziamento::{Entro, Raggiunto, RaggiuntoInProspettiva, SenzaStanziamento};
    for (normativa, state) in [
        ("DL109-2018-ART44", RaggiuntoInProspettiva),
        ("DL75-2023-ART42", Entro),
        ("DLGS148-2015-ART22BIS", Entro),
        ("DLGS148-2015-ART22TER", SenzaStanziamento),
        ("DLGS148-2015-ART44C11BIS", Entro),
        ("DLGS148-2015-ART44C7", Raggiunto),
        ("DLGS72-2018-ART1", Entro),
    ] {
        let answer = projection(client, normativa).await;
        let authorised = answer.autorizzato.as_ref().unwrap();
        assert_eq!(authorised.stato(), state, "{normativa}: {answer:#?}");
        assert_eq!(answer.stime.len(), 3, "{normativa}");
        for stima in &answer.stime {
            assert_eq!(stima.verifiche.len(), 11, "{normativa}");
            // A range beside it: at least three back-tests expected something.
            let figures = stima.cifre.as_ref().unwrap();
            assert!(figures.competenza_massima.is_some(), "{normativa}");
        }
    }
    // The year before is closed; from each of its rilevazioni it was forecast too.
    let answer = projection(client, "DL109-2018-ART44").await;
    let closed = answer.stime.iter().map(|stima| stima.anni_chiusi.len());
    assert_eq!(Vec::from_iter(closed), [4, 4, 4]);
    assert!(answer.dati_mancanti.is_empty(), "{answer:#?}");
}

/// More is paid with each month, and more and more slowly.
async fn decrees_are_paid_late(client: &mut CallerClients) {
    let request = GetTiraggioRequest {
        normativa: "DL109-2018-ART44".into(),
        prestazione: CIGS.into(),
        rilevazione: 0,
    };
    let answer = client.monitoraggio.get_tiraggio(request).await;
    let factors = answer.unwrap().into_inner().fattori;
    let millionths = |age: usize| -> u64 {
        let figures = factors[age].cifre.as_ref().unwrap();
        let factor = figures.fattore.as_ref().unwrap();
        factor.replace('.', "").parse().unwrap()
    };
    let (young, half, old) = (millionths(1), millionths(5), millionths(11));
    assert!(young > 1_500_000 && (1_100_000..young).contains(&half));
    assert!((1_000_001..1_100_000).contains(&old));
    assert_eq!(millionths(24), 1_000_000);
}

/// So what is authorised shrinks where nothing new is decreed; what is paid never does.
async fn rows_fall_through(client: &mut CallerClients) {
    let history = storia(client, 0).await.unwrap();
    let mut shrank = 0;
    for series in &history.serie {
        let points: Vec<[Cents; 2]> = series
            .punti
            .iter()
            .map(|point| {
                let figures = point.cifre.as_ref().unwrap();
                [&figures.importi_autorizzati, &figures.importi_erogati]
                    .map(|text| text.replace('.', "").parse().unwrap())
            })
            .collect();
        assert_eq!(points.len(), 12);
        for pair in points.windows(2) {
            assert!(pair[1][1] >= pair[0][1], "{series:#?}");
            shrank += u32::from(pair[1][0] < pair[0][0]);
        }
        let day = |n: usize| series.punti[n].data_riferimento.as_str();
        assert_eq!((day(0), day(11)), ("2025-09-30", "2026-08-31"));
    }
    assert!(shrank > 0);
}
