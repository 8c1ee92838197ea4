//! The rows that are different between two rilevazioni: every pair of them, in both orders, withdrawn ones included, against a model that
//! goes through the rows; resumed after every message; as files; masked, scoped, and never short.

use std::collections::BTreeMap;

use futures_util::TryStreamExt as _;
use omnia::contract::proto::{
    ChiusuraDifferenze, Differenza, DownloadDifferenzeRequest, ErrorReason,
    ExportDifferenzeRequest, FiltroMonitoraggio, FormatoFile, RigheConfronto,
    export_differenze_response::Parte,
};
use tonic::{Code, Status};

use super::confronto::{compare, natural_key, world};
use crate::{
    calls,
    download::{self, FORMATS, readers},
    errors::assert_error,
    model::{CF, MASK, ModelExtract, ModelRow, NORMATIVE, PRESTAZIONI, PROVISIONAL, is_person},
    model_messages::dettaglio,
    server::{CallerClients, TestServer, only_normativa},
    withdrawn::take_away,
    worlds,
};

/// What a stream gave.
#[derive(Debug, PartialEq)]
struct Exported {
    differenze: Vec<Differenza>,
    /// After each lotto: its token, and how many differences came until then.
    tokens: Vec<(String, usize)>,
    chiusura: ChiusuraDifferenze,
}

fn between(da: i32, a: i32) -> ExportDifferenzeRequest {
    ExportDifferenzeRequest {
        da,
        a,
        ..Default::default()
    }
}

async fn export(
    client: &mut CallerClients,
    request: ExportDifferenzeRequest,
) -> Result<Exported, Status> {
    let (da, a) = (request.da, request.a);
    let stream = client.monitoraggio.export_differenze(request).await?;
    let mut parts: Vec<_> = stream.into_inner().try_collect().await?;
    let Some(Parte::Chiusura(chiusura)) = parts.pop().unwrap().parte else {
        panic!("no chiusura at the end");
    };
    let mut parts = parts.into_iter().map(|message| message.parte.unwrap());
    let Some(Parte::Intestazione(first)) = parts.next() else {
        panic!("no intestazione at the beginning");
    };
    assert_eq!(first.da.unwrap().numero, da);
    assert!(a == 0 || first.a.unwrap().numero == a);
    let (mut differenze, mut tokens) = (Vec::new(), Vec::new());
    for part in parts {
        let Parte::Lotto(lotto) = part else {
            panic!("not a lotto in the middle");
        };
        assert!((1..=3).contains(&lotto.differenze.len()));
        differenze.extend(lotto.differenze);
        tokens.push((lotto.resume_token, differenze.len()));
    }
    Ok(Exported {
        differenze,
        tokens,
        chiusura,
    })
}

async fn start() -> TestServer {
    // Three differences in a message.
    TestServer::start_with(|settings| settings.export.batch_rows = 6).await
}

#[test]
fn every_row_that_moved_a_figure_is_told_and_no_other() {
    worlds::each(4, &world(), check);
}

async fn check(extracts: Vec<ModelExtract>) {
    let server = start().await;
    let mut client = server.clients_of("mlps-ammortizzatori").await;
    for (n, extract) in (1..).zip(&extracts) {
        server.load(extract, &format!("2026-{n:02}-28")).await;
    }
    take_away(&server, 4).await;
    let numbers = (1..).zip(&extracts);
    for (da, before) in numbers.clone() {
        for (a, after) in numbers.clone() {
            let all = export(&mut client, between(da, a)).await.unwrap();
            check_rows(&all.differenze, before, after);
            let compared = compare(&mut client, da, a).await.unwrap();
            let total = compared.totale.unwrap();
            let moved = total.movimento.unwrap();
            assert_eq!(all.chiusura.differenze, total.differenze);
            let sums = all.chiusura.movimento.clone().unwrap();
            assert_eq!(
                (sums.righe, sums.ore_decretate, sums.importi_autorizzati),
                (moved.righe, moved.ore_decretate, moved.importi_autorizzati)
            );
            assert_eq!(sums.importi_erogati, moved.importi_erogati);
            resumed_anywhere(&mut client, between(da, a), &all).await;
            narrowed(&mut client, between(da, a), &all).await;
        }
    }
    // Without a number: the latest that is not withdrawn.
    let latest = export(&mut client, between(1, 0)).await.unwrap();
    assert_eq!(
        latest.differenze,
        export(&mut client, between(1, 3)).await.unwrap().differenze
    );
    server.stop().await;
}

fn check_rows(told: &[Differenza], before: &ModelExtract, after: &ModelExtract) {
    type Pair<'a> = (Option<&'a ModelRow>, Option<&'a ModelRow>);
    let mut by_key: BTreeMap<_, Pair<'_>> = BTreeMap::new();
    for row in &before.rows {
        by_key.entry(natural_key(row)).or_default().0 = Some(row);
    }
    for row in &after.rows {
        by_key.entry(natural_key(row)).or_default().1 = Some(row);
    }
    let mut expected: Vec<Differenza> = by_key
        .into_values()
        .filter(|(was, is)| was.map(dettaglio) != is.map(dettaglio))
        .map(|(was, is)| Differenza {
            normativa: was.or(is).unwrap().normativa.into(),
            prima: was.map(dettaglio),
            dopo: is.map(dettaglio),
        })
        .collect();
    let order = |d: &Differenza| {
        let row = d.dopo.as_ref().or(d.prima.as_ref()).unwrap();
        (
            d.normativa.clone(),
            row.data_decreto.clone(),
            row.numero_decreto.clone(),
        )
    };
    assert!(told.is_sorted_by_key(order));
    // Within a decree the order says nothing.
    let mut told = told.to_vec();
    told.sort_by_cached_key(|d| (order(d), format!("{d:?}")));
    expected.sort_by_cached_key(|d| (order(d), format!("{d:?}")));
    assert_eq!(told, expected);
}

/// After every lotto the token gives the rest; its chiusura counts what is sent in it.
async fn resumed_anywhere(
    client: &mut CallerClients,
    request: ExportDifferenzeRequest,
    all: &Exported,
) {
    for (resume_token, until) in &all.tokens {
        let request = ExportDifferenzeRequest {
            resume_token: resume_token.clone(),
            ..request.clone()
        };
        let rest = export(client, request).await.unwrap();
        assert_eq!(rest.differenze, all.differenze[*until..]);
        let RigheConfronto {
            nuove,
            variate,
            cessate,
        } = rest.chiusura.differenze.unwrap();
        let counted = usize::try_from(nuove + variate + cessate).unwrap();
        assert_eq!(counted, rest.differenze.len());
    }
}

/// Of a norm and a benefit it gives those rows of the whole, as a file it gives the same.
async fn narrowed(client: &mut CallerClients, request: ExportDifferenzeRequest, all: &Exported) {
    let (normativa, prestazione) = (NORMATIVE[0].to_owned(), PRESTAZIONI[0].to_owned());
    let filtro = Some(FiltroMonitoraggio {
        normativa: vec![normativa.clone()],
        prestazione: vec![prestazione.clone()],
    });
    let narrow = ExportDifferenzeRequest {
        filtro: filtro.clone(),
        ..request.clone()
    };
    let told = export(client, narrow).await.unwrap();
    let of_pair = |d: &&Differenza| {
        let row = d.dopo.as_ref().or(d.prima.as_ref()).unwrap();
        d.normativa == normativa && row.prestazione == prestazione
    };
    let expected: Vec<_> = all.differenze.iter().filter(of_pair).cloned().collect();
    assert_eq!(told.differenze, expected);

    for formato in FORMATS {
        let request = DownloadDifferenzeRequest {
            filtro: filtro.clone(),
            da: request.da,
            a: request.a,
            formato: formato.into(),
            offset: 0,
        };
        let file = download::differenze(client, request.clone()).await.unwrap();
        assert_eq!(file.chiusura.differenze, told.chiusura.differenze);
        assert_eq!(file.chiusura.movimento, told.chiusura.movimento);
        let table = readers::read_table(formato, &file.bytes);
        let cells: Vec<Vec<String>> = expected.iter().map(cells).collect();
        assert_eq!(table.rows, cells);
        assert_eq!(table.columns[0], "differenza");
        if formato == FormatoFile::Csv && file.bytes.len() > 10 {
            let request = DownloadDifferenzeRequest {
                offset: 10,
                ..request
            };
            let rest = download::differenze(client, request).await.unwrap();
            assert_eq!(rest.bytes, file.bytes[10..]);
        }
    }
}

/// A difference as a row of a file.
fn cells(differenza: &Differenza) -> Vec<String> {
    let (prima, dopo) = (&differenza.prima, &differenza.dopo);
    let kind = match (prima, dopo) {
        (None, Some(_)) => "NUOVA",
        (Some(_), None) => "CESSATA",
        (Some(_), Some(_)) => "VARIATA",
        (None, None) => panic!("a difference without a row"),
    };
    let key = dopo.clone().or(prima.clone()).unwrap();
    let (was, is) = (
        prima.clone().unwrap_or_default(),
        dopo.clone().unwrap_or_default(),
    );
    vec![
        kind.into(),
        differenza.normativa.clone(),
        key.prestazione,
        key.codifica_sistema_unico,
        key.numero_decreto,
        key.data_decreto,
        key.cf_azienda,
        key.matricola_azienda,
        key.validita_dal,
        was.validita_al,
        is.validita_al,
        was.ore_decretate,
        is.ore_decretate,
        was.importi_autorizzati,
        is.importi_autorizzati,
        was.importi_erogati,
        is.importi_erogati,
    ]
}

/// Every row is paid a cent more, and one is gone.
async fn two_rilevazioni(server: &TestServer) -> ModelExtract {
    let mut extract = calls::extract();
    // A person by a provisional code.
    extract.rows[0].cf = PROVISIONAL[0];
    server.load(&extract, "2026-09-30").await;
    let mut next = extract.clone();
    next.rows.pop();
    for row in &mut next.rows {
        row.erogati += 1;
    }
    server.load(&next, "2026-10-31").await;
    extract
}

#[tokio::test]
async fn persons_are_masked_on_both_sides_and_a_scope_holds() {
    let server = start().await;
    let extract = two_rilevazioni(&server).await;
    let mut rgs = server.clients_of("mef-rgs").await;
    let masked = export(&mut rgs, between(1, 2)).await.unwrap();
    assert_eq!(masked.differenze.len(), extract.rows.len());
    let sides = masked
        .differenze
        .iter()
        .flat_map(|d| [&d.prima, &d.dopo])
        .flatten();
    let (mut shown, mut hidden) = (0, 0);
    for row in sides {
        match row.cf_azienda.as_str() {
            MASK => hidden += 1,
            company => {
                assert!(!is_person(company) && company == CF[0]);
                shown += 1;
            }
        }
    }
    assert!(shown > 0 && hidden > shown);
    let csv = DownloadDifferenzeRequest {
        da: 1,
        a: 2,
        formato: FormatoFile::Csv.into(),
        ..Default::default()
    };
    let file = download::differenze(&mut rgs, csv).await.unwrap();
    let text = String::from_utf8(file.bytes).unwrap();
    for person in [CF[1], CF[2], PROVISIONAL[0]] {
        assert!(!text.contains(person), "{person}");
    }

    let clear = server.clients_of("mlps-ammortizzatori").await;
    let clear = export(&mut clear.clone(), between(1, 2)).await.unwrap();
    assert!(format!("{clear:?}").contains(CF[1]));

    server
        .grant_scope("ristretto", "mef-rgs", only_normativa(NORMATIVE[1]))
        .await;
    let mut narrow = server.clients_as("ristretto");
    let told = export(&mut narrow, between(1, 2)).await.unwrap();
    assert!(!told.differenze.is_empty());
    assert!(told.differenze.iter().all(|d| d.normativa == NORMATIVE[1]));
    let outside = ExportDifferenzeRequest {
        filtro: Some(FiltroMonitoraggio {
            normativa: vec![NORMATIVE[0].into()],
            ..Default::default()
        }),
        ..between(1, 2)
    };
    let error = export(&mut narrow, outside).await.unwrap_err();
    assert_error(&error, Code::PermissionDenied, ErrorReason::ScopeDenied);
    // A token of somebody who sees more gives no more.
    let first = &masked.tokens[0].0;
    let borrowed = ExportDifferenzeRequest {
        resume_token: first.clone(),
        ..between(1, 2)
    };
    let told = export(&mut narrow, borrowed).await.unwrap();
    assert!(told.differenze.iter().all(|d| d.normativa == NORMATIVE[1]));
    server.stop().await;
}

/// A code that the later extract calls a natural person's was a company's before: it is masked on both sides.
#[tokio::test]
async fn who_turns_out_to_be_a_person_is_masked_before_too() {
    let server = start().await;
    two_rilevazioni(&server).await;
    sqlx::query("update dettaglio_decreto set persona_fisica = false where cf_azienda = $1 and al_rilevazione = 1")
        .bind(PROVISIONAL[0])
        .execute(&server.db.owner)
        .await
        .unwrap();
    let mut rgs = server.clients_of("mef-rgs").await;
    for (da, a) in [(1, 2), (2, 1)] {
        let told = export(&mut rgs, between(da, a)).await.unwrap();
        assert!(!format!("{told:?}").contains(PROVISIONAL[0]));
    }
    server.stop().await;
}

#[tokio::test]
async fn what_is_asked_is_checked_and_tokens_hold_for_their_selection() {
    let server = start().await;
    two_rilevazioni(&server).await;
    let mut client = server.clients_of("mef-rgs").await;
    let error = export(&mut client, between(0, -1)).await.unwrap_err();
    let error = assert_error(&error, Code::InvalidArgument, ErrorReason::InvalidRequest);
    assert_eq!(error.violations, ["da", "a"]);
    let error = export(&mut client, between(1, 9)).await.unwrap_err();
    assert_error(&error, Code::NotFound, ErrorReason::RilevazioneNotFound);
    let file = DownloadDifferenzeRequest {
        offset: 1,
        ..Default::default()
    };
    let error = download::differenze(&mut client, file).await.unwrap_err();
    let error = assert_error(&error, Code::InvalidArgument, ErrorReason::InvalidRequest);
    assert_eq!(error.violations, ["da", "formato", "a"]);

    let all = export(&mut client, between(1, 2)).await.unwrap();
    let token = all.tokens[0].0.clone();
    let with = |request: ExportDifferenzeRequest| ExportDifferenzeRequest {
        resume_token: token.clone(),
        ..request
    };
    // The rilevazione after is in the token.
    let rest = export(&mut client, with(between(1, 0))).await.unwrap();
    assert_eq!(rest.differenze, all.differenze[all.tokens[0].1..]);
    let narrow = ExportDifferenzeRequest {
        filtro: Some(FiltroMonitoraggio {
            normativa: vec![NORMATIVE[0].into()],
            ..Default::default()
        }),
        ..between(1, 2)
    };
    let mut changed = token.clone();
    changed.replace_range(..1, if token.starts_with('A') { "B" } else { "A" });
    for bad in [
        with(between(2, 1)),
        with(between(1, 1)),
        with(narrow),
        ExportDifferenzeRequest {
            resume_token: changed,
            ..between(1, 2)
        },
    ] {
        let error = export(&mut client, bad).await.unwrap_err();
        assert_error(&error, Code::InvalidArgument, ErrorReason::PageTokenInvalid);
    }
    // A token of the detail is none of these.
    let decrees = omnia::contract::proto::ListDecreesRequest {
        normativa: NORMATIVE[0].into(),
        page_size: 1,
        ..Default::default()
    };
    let page = client.decreti.list_decrees(decrees).await.unwrap();
    let foreign = ExportDifferenzeRequest {
        resume_token: page.into_inner().next_page_token,
        ..between(1, 2)
    };
    let error = export(&mut client, foreign).await.unwrap_err();
    assert_error(&error, Code::InvalidArgument, ErrorReason::PageTokenInvalid);
    server.stop().await;
}

/// A row that somebody took out of the database: the stream ends with an error and not with a chiusura.
#[tokio::test]
async fn a_row_that_is_missing_is_no_shorter_answer() {
    let server = start().await;
    two_rilevazioni(&server).await;
    let mut client = server.clients_of("mef-rgs").await;
    // The comparison is in memory, the rows are read each time.
    compare(&mut client, 1, 2).await.unwrap();
    let gone = sqlx::query(
        "delete from dettaglio_decreto where id =
             (select max(id) from dettaglio_decreto where al_rilevazione = 1 and normativa = $1)",
    )
    .bind(NORMATIVE[0])
    .execute(&server.db.owner)
    .await
    .unwrap();
    assert_eq!(gone.rows_affected(), 1);
    let error = export(&mut client, between(1, 2)).await.unwrap_err();
    assert_error(&error, Code::DataLoss, ErrorReason::DerivedDataDamaged);
    server.stop().await;
}
