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

use super::{MASCHERATI, persone};
use crate::{
    banco,
    chiamate::{self, RPC, chiama, drena, filtro_decreti},
    errore::assert_errore,
    modello::{CF, NORMATIVE, PROVVISORI, Riga},
    servizio::{Servizio, tutto},
};

/// What went over the wire, both ways.
#[derive(Clone, Default)]
struct Passato(Arc<Mutex<Vec<u8>>>);

impl Passato {
    fn contiene(&self, text: &str) -> bool {
        let bytes = self.0.lock().unwrap();
        bytes.windows(text.len()).any(|w| w == text.as_bytes())
    }

    fn dimentica(&self) -> usize {
        std::mem::take(&mut *self.0.lock().unwrap()).len()
    }
}

/// A socket that leads to the database's, and keeps what passes.
struct Cavo {
    dir: TempDir,
    passato: Passato,
    task: AbortHandle,
}

impl Drop for Cavo {
    fn drop(&mut self) {
        self.task.abort();
    }
}

const SOCKET: &str = ".s.PGSQL.5432";

impl Cavo {
    fn tendi(database: &Path) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let listener = UnixListener::bind(dir.path().join(SOCKET)).unwrap();
        let passato = Passato::default();
        let (target, kept) = (database.join(SOCKET), passato.clone());
        let task = tokio::spawn(async move {
            loop {
                let (here, _) = listener.accept().await.unwrap();
                let there = UnixStream::connect(&target).await.unwrap();
                let (from_here, to_here) = here.into_split();
                let (from_there, to_there) = there.into_split();
                tokio::spawn(passa(from_here, to_there, kept.clone()));
                tokio::spawn(passa(from_there, to_here, kept.clone()));
            }
        });
        Self {
            dir,
            passato,
            task: task.abort_handle(),
        }
    }
}

async fn passa(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    passato: Passato,
) {
    // The end of what came before, in which a text may have begun: the two directions are kept in turns.
    let mut before: Vec<u8> = Vec::new();
    let mut buffer = vec![0; 64 * 1024];
    while let Ok(read @ 1..) = from.read(&mut buffer).await {
        before.extend_from_slice(&buffer[..read]);
        passato.0.lock().unwrap().extend_from_slice(&before);
        before.drain(..before.len().saturating_sub(16));
        if to.write_all(&buffer[..read]).await.is_err() {
            return;
        }
    }
}

async fn scena() -> (Servizio, Cavo) {
    let mut db = banco::database().await;
    let (base, parameters) = db.serving_url.split_once("host=").unwrap();
    let (socket, rest) = parameters.split_once('&').unwrap();
    let cavo = Cavo::tendi(Path::new(socket));
    db.serving_url = format!("{base}host={}&{rest}", cavo.dir.path().to_str().unwrap());
    let servizio = Servizio::avvia_su(db, |_| ()).await;
    let mut estratto = chiamate::estratto();
    let company = estratto.righe.iter().filter(|r| r.cf == CF[0]).cloned();
    let provisional: Vec<_> = company
        .map(|r| Riga {
            cf: PROVVISORI[0],
            ..r
        })
        .collect();
    estratto.righe.extend(provisional);
    servizio.carica(&estratto, "2026-10-31").await;
    (servizio, cavo)
}

#[tokio::test]
async fn what_is_masked_does_not_leave_postgres() {
    let (servizio, cavo) = scena().await;
    let passed = |cf: &str| cavo.passato.contiene(cf);
    let [company, one, other] = CF;
    for profilo in MASCHERATI {
        let mut cliente = servizio.cliente(profilo).await;
        cavo.passato.dimentica();
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
                    chiama(&mut cliente, rpc, filter).await.unwrap() > 0,
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
        let first = cliente.decreti.list_decrees(list(String::new())).await;
        let token = first.unwrap().into_inner().next_page_token;
        cliente
            .decreti
            .list_decrees(list(token.clone()))
            .await
            .unwrap();
        let export = ExportDecreesRequest {
            normativa: NORMATIVE[0].into(),
            resume_token: token,
            ..Default::default()
        };
        let stream = cliente.decreti.export_decrees(export).await.unwrap();
        assert!(!drena(stream.into_inner()).await.righe.is_empty());

        assert!(passed(company), "{profilo}: the tap hears nothing");
        assert!(
            !passed(one) && !passed(other) && !passed(PROVVISORI[0]),
            "{profilo}: a natural person in clear"
        );
        // Nor a piece of one that the mask would leave out.
        assert!(!passed(&one[..6]) && !passed(&one[6..]), "{profilo}");
        assert!(passed("****************"), "{profilo}");
    }

    // The tap would hear it: this profile sees them.
    let mut cliente = servizio.cliente("mlps-ammortizzatori").await;
    cavo.passato.dimentica();
    chiama(&mut cliente, "DecreeService/ListDecrees", "")
        .await
        .unwrap();
    assert!(passed(one) && passed(other) && passed(PROVVISORI[0]));
    servizio.ferma().await;
}

/// Who asks by a person in vain: not even the question reaches the database, where it would be compared and logged, and the
/// audit log gets a keyed hash.
#[tokio::test]
async fn a_refused_question_does_not_reach_postgres() {
    let (servizio, cavo) = scena().await;
    for profilo in MASCHERATI {
        let soggetto = format!("curioso-{profilo}");
        servizio.abilita(&soggetto, profilo, tutto()).await;
        let mut cliente = servizio.come(&soggetto);
        cavo.passato.dimentica();
        for cf in [CF[1], persone()[0]] {
            let mut filtro = filtro_decreti("");
            filtro.cf_azienda = cf.to_owned();
            let request = ListDecreesRequest {
                normativa: NORMATIVE[0].into(),
                filtro: Some(filtro),
                ..Default::default()
            };
            let status = cliente.decreti.list_decrees(request).await.unwrap_err();
            assert_errore(&status, Code::PermissionDenied, ErrorReason::FilterDenied);
            assert!(!cavo.passato.contiene(cf), "{profilo}");
        }
        assert!(
            cavo.passato.contiene("hmac-sha256:"),
            "{profilo}: not recorded"
        );
    }
    servizio.ferma().await;
}
