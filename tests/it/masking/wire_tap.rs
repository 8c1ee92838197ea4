//! The wire between the server and its database, tapped: every byte in both directions is kept.

use std::{
    path::Path,
    sync::{Arc, Mutex},
};

use omnia::contract::proto::{ErrorReason, ExportDecreesRequest, ListDecreesRequest};
use tempfile::TempDir;
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    net::{UnixListener, UnixStream},
    task::AbortHandle,
};
use tonic::Code;

use super::{MASKED_PROFILES, persons};
use crate::{
    calls::{self, RPC, call_rpc, drain, filtro_decreti},
    errors::assert_error,
    model::{CF, ModelRow, NORMATIVE, PROVISIONAL},
    server::{TestServer, whole_scope},
    test_bench,
};

/// What went over the wire, both ways.
#[derive(Clone, Default)]
struct TappedBytes(Arc<Mutex<Vec<u8>>>);

impl TappedBytes {
    fn contains(&self, text: &str) -> bool {
        let bytes = self.0.lock().unwrap();
        bytes.windows(text.len()).any(|w| w == text.as_bytes())
    }

    fn forget(&self) -> usize {
        std::mem::take(&mut *self.0.lock().unwrap()).len()
    }
}

/// A socket that leads to the database's, and keeps what passes.
struct WireTap {
    dir: TempDir,
    tapped: TappedBytes,
    task: AbortHandle,
}

impl Drop for WireTap {
    fn drop(&mut self) {
        self.task.abort();
    }
}

const SOCKET: &str = ".s.PGSQL.5432";

impl WireTap {
    fn lay(database: &Path) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let listener = UnixListener::bind(dir.path().join(SOCKET)).unwrap();
        let tapped = TappedBytes::default();
        let (target, kept) = (database.join(SOCKET), tapped.clone());
        let task = tokio::spawn(async move {
            loop {
                let (here, _) = listener.accept().await.unwrap();
                let there = UnixStream::connect(&target).await.unwrap();
                let (from_here, to_here) = here.into_split();
                let (from_there, to_there) = there.into_split();
                tokio::spawn(pass(from_here, to_there, kept.clone()));
                tokio::spawn(pass(from_there, to_here, kept.clone()));
            }
        });
        Self {
            dir,
            tapped,
            task: task.abort_handle(),
        }
    }
}

async fn pass(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    tapped: TappedBytes,
) {
    // The end of what came before, in which a text may have begun: the two directions are kept in turns.
    let mut before: Vec<u8> = Vec::new();
    let mut buffer = vec![0; 64 * 1024];
    while let Ok(read @ 1..) = from.read(&mut buffer).await {
        before.extend_from_slice(&buffer[..read]);
        tapped.0.lock().unwrap().extend_from_slice(&before);
        before.drain(..before.len().saturating_sub(16));
        if to.write_all(&buffer[..read]).await.is_err() {
            return;
        }
    }
}

async fn scene() -> (TestServer, WireTap) {
    let mut db = test_bench::database().await;
    let (base, parameters) = db.serving_url.split_once("host=").unwrap();
    let (socket, rest) = parameters.split_once('&').unwrap();
    let wire = WireTap::lay(Path::new(socket));
    db.serving_url = format!("{base}host={}&{rest}", wire.dir.path().to_str().unwrap());
    let service = TestServer::start_on(db, |_| ()).await;
    let mut extract = calls::extract();
    let company = extract.rows.iter().filter(|r| r.cf == CF[0]).cloned();
    let provisional: Vec<_> = company
        .map(|r| ModelRow {
            cf: PROVISIONAL[0],
            ..r
        })
        .collect();
    extract.rows.extend(provisional);
    service.load(&extract, "2026-10-31").await;
    (service, wire)
}

#[tokio::test]
async fn what_is_masked_does_not_leave_postgres() {
    let (service, wire) = scene().await;
    let passed = |cf: &str| wire.tapped.contains(cf);
    let [company, one, other] = CF;
    for profilo in MASKED_PROFILES {
        let mut client = service.clients_of(profilo).await;
        wire.tapped.forget();
        for rpc in RPC {
            let filters: &[&str] = match rpc {
                "DecreeService/CountDecrees"
                | "DecreeService/DownloadDecrees"
                | "DecreeService/ExportDecrees"
                | "DecreeService/ListDecrees"
                | "FlightService/DoGet"
                | "FlightService/GetFlightInfo"
                | "FlightService/GetSchema" => {
                    &["", "codifica_sistema_unico", "numero_decreto", "periodo"]
                }
                "ReportService/DownloadReportSintetico" | "ReportService/GetReportSintetico" => {
                    &["", "normativa", "prestazione", "periodo"]
                }
                _ => &[""],
            };
            for filter in filters {
                assert!(
                    call_rpc(&mut client, rpc, filter).await.unwrap() > 0,
                    "{rpc} {filter}"
                );
            }
        }
        // Pages and a resumed export: other statements.
        let list = |page_token| ListDecreesRequest {
            normativa: NORMATIVE[0].into(),
            page_size: 1,
            page_token,
            ..Default::default()
        };
        let first = client.decreti.list_decrees(list(String::new())).await;
        let token = first.unwrap().into_inner().next_page_token;
        client
            .decreti
            .list_decrees(list(token.clone()))
            .await
            .unwrap();
        let export = ExportDecreesRequest {
            normativa: NORMATIVE[0].into(),
            resume_token: token,
            ..Default::default()
        };
        let stream = client.decreti.export_decrees(export).await.unwrap();
        assert!(!drain(stream.into_inner()).await.rows.is_empty());

        assert!(passed(company), "{profilo}: the tap hears nothing");
        assert!(
            !passed(one) && !passed(other) && !passed(PROVISIONAL[0]),
            "{profilo}: a natural person in clear"
        );
        // Nor a piece of one that the mask would leave out.
        assert!(!passed(&one[..6]) && !passed(&one[6..]), "{profilo}");
        assert!(passed("****************"), "{profilo}");
    }

    // The tap would hear it: this profile sees them.
    let mut client = service.clients_of("mlps-ammortizzatori").await;
    wire.tapped.forget();
    call_rpc(&mut client, "DecreeService/ListDecrees", "")
        .await
        .unwrap();
    assert!(passed(one) && passed(other) && passed(PROVISIONAL[0]));
    service.stop().await;
}

/// Who asks by a person in vain: not even the question reaches the database, where it would be compared and logged, and the
/// audit log gets a keyed hash.
#[tokio::test]
async fn a_refused_question_does_not_reach_postgres() {
    let (service, wire) = scene().await;
    for profilo in MASKED_PROFILES {
        let soggetto = format!("curioso-{profilo}");
        service.grant_scope(&soggetto, profilo, whole_scope()).await;
        let mut client = service.clients_as(&soggetto);
        wire.tapped.forget();
        for cf in [CF[1], persons()[0]] {
            let mut filtro = filtro_decreti("");
            filtro.cf_azienda = cf.to_owned();
            let request = ListDecreesRequest {
                normativa: NORMATIVE[0].into(),
                filtro: Some(filtro),
                ..Default::default()
            };
            let status = client.decreti.list_decrees(request).await.unwrap_err();
            assert_error(&status, Code::PermissionDenied, ErrorReason::FilterDenied);
            assert!(!wire.tapped.contains(cf), "{profilo}");
        }
        assert!(
            wire.tapped.contains("hmac-sha256:"),
            "{profilo}: not recorded"
        );
    }
    service.stop().await;
}
