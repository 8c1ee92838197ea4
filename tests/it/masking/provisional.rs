//! Provisional codes: of eleven digits as a company's, and natural persons'. On every way they are masked as the others, with the
//! same mask; and a caller who may ask for companies only is answered as for a code that does not exist.

use std::fmt::Debug;

use omnia::contract::proto::{
    CountDecreesRequest, DownloadDecreesRequest, ExportDecreesRequest, FiltroDecreti, FormatoFile,
    ListDecreesRequest,
};
use tonic::Status;

use super::MASKED_PROFILES;
use crate::{
    calls::drain,
    download::{self, FORMATS, readers},
    errors::contract_error,
    flight::{plain_ticket, take},
    model::{
        CF, CODIFICHE, MASK, MATRICOLE, ModelExtract, ModelRow, NORMATIVE, NUMERI, PRESTAZIONI,
        PROVISIONAL, decreti_csv,
    },
    server::{CallerClients, TestServer},
};

/// Companies and persons by both kinds of code, in turn; blocks have several of each.
fn extract() -> ModelExtract {
    let codes = [CF[0], PROVISIONAL[0], CF[1], PROVISIONAL[1], CF[0], CF[2]];
    let riga = |i: u32| ModelRow {
        normativa: NORMATIVE[0],
        prestazione: PRESTAZIONI[0],
        codifica: CODIFICHE[(i % 2) as usize],
        // Rows on both sides of the length that takes two bytes.
        numero: NUMERI[(i % 4) as usize],
        data: i / 4,
        dal: 100 + i,
        al: 200 + i,
        cf: codes[(i % 6) as usize],
        matricola: MATRICOLE[0],
        ore: 100 + u64::from(i),
        autorizzati: 10_u64.pow(i % 14) * 100,
        erogati: u64::from(i),
    };
    ModelExtract {
        rows: (0..200).map(riga).collect(),
        stanziamenti: Vec::new(),
    }
}

/// The codes of the rows in every way that there is, each with its name; sorted, since ways have orders of their own.
async fn all_ways(client: &mut CallerClients) -> Vec<(String, Vec<String>)> {
    let normativa = NORMATIVE[0].to_owned();
    let mut ways = Vec::new();
    let mut way = |name: String, mut codes: Vec<String>| {
        codes.sort_unstable();
        ways.push((name, codes));
    };
    let list = ListDecreesRequest {
        normativa: normativa.clone(),
        page_size: 1000,
        ..Default::default()
    };
    let list = client
        .decreti
        .list_decrees(list)
        .await
        .unwrap()
        .into_inner();
    way(
        "list".into(),
        list.decreti.into_iter().map(|d| d.cf_azienda).collect(),
    );
    // Whole; in part, row by row; by the index of the rows.
    for (name, filtro) in [
        ("whole", FiltroDecreti::default()),
        (
            "part",
            FiltroDecreti {
                codifica_sistema_unico: CODIFICHE[1].into(),
                ..Default::default()
            },
        ),
        (
            "rows",
            FiltroDecreti {
                numero_decreto: NUMERI[1].into(),
                ..Default::default()
            },
        ),
    ] {
        let request = ExportDecreesRequest {
            normativa: normativa.clone(),
            filtro: Some(filtro.clone()),
            ..Default::default()
        };
        let stream = client
            .decreti
            .export_decrees(request.clone())
            .await
            .unwrap();
        let righe = drain(stream.into_inner()).await.rows;
        way(
            format!("export {name}"),
            righe.into_iter().map(|d| d.cf_azienda).collect(),
        );
        let ticket = plain_ticket(&client.soggetto, &request);
        let taken = take(client, ticket).await.unwrap();
        taken.outcome.unwrap();
        way(
            format!("flight {name}"),
            taken.rows.into_iter().map(|d| d.cf_azienda).collect(),
        );
        for formato in FORMATS {
            let request = DownloadDecreesRequest {
                normativa: normativa.clone(),
                filtro: Some(filtro.clone()),
                formato: formato.into(),
                ..Default::default()
            };
            let file = download::decreti(client, request).await.unwrap();
            let read = readers::read_table(formato, &file.bytes);
            let at = read.columns.iter().position(|c| c == "cf_azienda").unwrap();
            way(
                format!("{formato:?} {name}"),
                read.rows.iter().map(|r| r[at].clone()).collect(),
            );
        }
    }
    ways
}

#[tokio::test]
async fn masked_on_every_way() {
    let service = TestServer::start_with(|s| s.export.batch_rows = 20).await;
    service.load(&extract(), "2026-10-31").await;
    let mut clear = service.clients_of("mlps-ammortizzatori").await;
    let mut masked = Vec::new();
    for profilo in MASKED_PROFILES {
        masked.push(service.clients_of(profilo).await);
    }
    // From blocks and batches, and, when these are gone, from the rows.
    for source in ["blocks", "rows"] {
        let seen = all_ways(&mut clear).await;
        for (way, codes) in &seen {
            assert!(
                codes.iter().any(|cf| PROVISIONAL.contains(&&**cf)),
                "{source} {way}"
            );
            assert!(!codes.iter().any(|cf| cf == MASK), "{source} {way}");
        }
        let (_, whole) = &seen[0];
        let mut expected: Vec<&str> = extract().rows.iter().map(|r| r.cf).collect();
        expected.sort_unstable();
        assert_eq!(*whole, expected);
        for client in &mut masked {
            for ((way, codes), (_, clear)) in all_ways(client).await.iter().zip(&seen) {
                let mut expected: Vec<&str> = clear
                    .iter()
                    .map(|cf| if cf == CF[0] { CF[0] } else { MASK })
                    .collect();
                expected.sort_unstable();
                assert_eq!(*codes, expected, "{source} {way}");
            }
        }
        sqlx::query("update serie set righe_per_blocco = righe_per_blocco + 1")
            .execute(&service.db.owner)
            .await
            .unwrap();
    }
    service.stop().await;
}

fn seen<T: Debug>(answer: Result<T, Status>) -> String {
    match answer {
        Ok(answer) => format!("{answer:?}"),
        Err(status) => format!("{:?}", contract_error(&status)),
    }
}

/// All that is answered about an employer; what names it (a token, a file's selection) is left out.
async fn about(client: &mut CallerClients, cf: &str, normativa: &str) -> Vec<String> {
    let filtro = Some(FiltroDecreti {
        cf_azienda: cf.to_owned(),
        ..Default::default()
    });
    let normativa = normativa.to_owned();
    let list = ListDecreesRequest {
        normativa: normativa.clone(),
        filtro: filtro.clone(),
        page_size: 1,
        ..Default::default()
    };
    let list = client.decreti.list_decrees(list).await;
    let count = CountDecreesRequest {
        normativa: normativa.clone(),
        filtro: filtro.clone(),
        rilevazione: 0,
    };
    let count = client.decreti.count_decrees(count).await;
    let mut all = vec![
        seen(list.map(|a| {
            let list = a.into_inner();
            (list.decreti, list.next_page_token.is_empty())
        })),
        seen(count.map(|a| a.into_inner())),
    ];
    let request = ExportDecreesRequest {
        normativa: normativa.clone(),
        filtro: filtro.clone(),
        ..Default::default()
    };
    match client.decreti.export_decrees(request.clone()).await {
        Err(status) => all.push(seen::<()>(Err(status))),
        Ok(stream) => {
            let exported = drain(stream.into_inner()).await;
            all.push(format!("{:?}", exported.rows));
        }
    }
    let ticket = plain_ticket(&client.soggetto, &request);
    let taken = take(client, ticket).await;
    all.push(seen(
        taken.map(|p| (p.rows, p.outcome.map_err(|s| contract_error(&s)))),
    ));
    for formato in [FormatoFile::Csv, FormatoFile::Parquet] {
        let request = DownloadDecreesRequest {
            normativa: normativa.clone(),
            filtro: filtro.clone(),
            formato: formato.into(),
            ..Default::default()
        };
        let file = download::decreti(client, request).await;
        all.push(seen(file.map(|f| {
            (
                readers::read_table(formato, &f.bytes).rows,
                f.chiusura.totali,
            )
        })));
    }
    all
}

/// A profile that may ask for companies and not for persons. A refusal would tell that the code is a person's; and an answer, all
/// of her.
#[tokio::test]
async fn who_may_not_ask_for_persons_is_answered_as_for_a_code_that_nobody_has() {
    let dir = tempfile::tempdir().unwrap();
    let mut policy = std::fs::read_to_string("policies/policy.csv").unwrap();
    for rpc in [
        "DecreeService/ListDecrees",
        "DecreeService/CountDecrees",
        "DecreeService/ExportDecrees",
        "DecreeService/DownloadDecrees",
        "FlightService/GetFlightInfo",
        "FlightService/GetSchema",
        "FlightService/DoGet",
    ] {
        policy += &format!("p, per-azienda, {rpc}, filtro, cf_azienda, allow\n");
    }
    policy += "g, mef-rgs, per-azienda\n";
    std::fs::write(dir.path().join("policy.csv"), policy).unwrap();
    let service =
        TestServer::start_with(|s| s.access.policy_dir = Some(dir.path().to_owned())).await;
    service.load(&extract(), "2026-10-31").await;
    let mut client = service.clients_of("mef-rgs").await;
    // Right codes that no row has: no one's, of a company's form and of a provisional code's.
    for nobody in ["15844561009", "90000000035"] {
        let unknown = about(&mut client, nobody, NORMATIVE[0]).await;
        for code in PROVISIONAL {
            assert_eq!(
                about(&mut client, code, NORMATIVE[0]).await,
                unknown,
                "{code}"
            );
        }
        let company = about(&mut client, CF[0], NORMATIVE[0]).await;
        assert!(
            company.iter().zip(&unknown).all(|(a, b)| a != b),
            "{company:?}"
        );
    }
    // By the form of the code it can be refused at once.
    let refused = about(&mut client, CF[1], NORMATIVE[0]).await;
    assert!(
        refused.iter().all(|text| text.contains("FilterDenied")),
        "{refused:?}"
    );
    // Who may ask for persons is answered.
    let mut all = service.clients_of("mlps-ammortizzatori").await;
    let answer = about(&mut all, PROVISIONAL[0], NORMATIVE[0]).await;
    assert!(answer[0].contains(PROVISIONAL[0]), "{answer:?}");
    service.stop().await;
}

/// What the tests say of a code, and what the extract says of it, are one.
#[test]
fn the_extract_says_so() {
    let csv = decreti_csv(&extract().rows);
    for line in csv.lines().skip(1) {
        let told = line.ends_with(",S");
        assert_eq!(
            told,
            PROVISIONAL.iter().any(|cf| line.contains(cf)),
            "{line}"
        );
    }
}
