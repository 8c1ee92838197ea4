//! A service that does what a test tells it to: breaks off, changes its mind, lies.

use std::{
    collections::VecDeque,
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use aws_lc_rs::digest::{SHA256, digest};
use omnia::contract::proto::{
    self, ChiusuraFileDecreti, CountDecreesRequest, CountDecreesResponse, DownloadDecreesRequest,
    DownloadDecreesResponse, ExportDecreesRequest, ExportDecreesResponse, IntestazioneFile,
    ListDecreesRequest, ListDecreesResponse, PezzoFile, Rilevazione, TotaliControllo,
    decree_service_server::{DecreeService, DecreeServiceServer},
    download_decrees_response::Parte,
};
use tokio::net::TcpListener;
use tokio_stream::wrappers::TcpListenerStream;
use tokio_util::task::AbortOnDropHandle;
use tonic::{Request, Response, Status, transport::Server};

/// The file that it has.
pub(super) const FILE: &[u8] = b"uno\r\ndue\r\ntre\r\n";
/// Bytes of a piece.
const CHUNK: usize = 4;

/// The messages of a download from an offset.
pub(super) type DownloadMessages = Vec<Result<Parte, Status>>;
/// What it answers to one call.
pub(super) type DownloadScene = fn(usize) -> Result<DownloadMessages, Status>;

/// Serves for as long as it is held.
pub(super) struct FakeService {
    pub(super) address: SocketAddr,
    asked: Arc<Mutex<Vec<i64>>>,
    _serve: AbortOnDropHandle<()>,
}

#[derive(Clone)]
struct ServiceScript {
    scene: Arc<Mutex<VecDeque<DownloadScene>>>,
    asked: Arc<Mutex<Vec<i64>>>,
}

impl FakeService {
    /// One scene a download; after the last one all goes well.
    pub(super) async fn perform(scene: &[DownloadScene]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let indirizzo = listener.local_addr().unwrap();
        let asked = Arc::default();
        let script = ServiceScript {
            scene: Arc::new(Mutex::new(scene.iter().copied().collect())),
            asked: Arc::clone(&asked),
        };
        let serve = tokio::spawn(async move {
            Server::builder()
                .add_service(DecreeServiceServer::new(script))
                .serve_with_incoming(TcpListenerStream::new(listener))
                .await
                .unwrap();
        });
        Self {
            address: indirizzo,
            asked,
            _serve: AbortOnDropHandle::new(serve),
        }
    }

    pub(super) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The offsets of the downloads that were asked for.
    pub(super) fn asked_offsets(&self) -> Vec<i64> {
        self.asked.lock().unwrap().clone()
    }
}

pub(super) fn rilevazione() -> Rilevazione {
    Rilevazione {
        numero: 7,
        data_riferimento: "2026-10-31".into(),
        caricata_il: None,
        ritirata_il: None,
    }
}

pub(super) fn intestazione() -> Parte {
    Parte::Intestazione(IntestazioneFile {
        nome: "../../etc/passwd".into(),
        tipo_contenuto: "text/csv".into(),
        rilevazione: Some(rilevazione()),
    })
}

pub(super) fn chiusura() -> ChiusuraFileDecreti {
    let sha256 = digest(&SHA256, FILE);
    ChiusuraFileDecreti {
        dimensione: FILE.len().try_into().unwrap(),
        sha256: sha256.as_ref().iter().map(|b| format!("{b:02x}")).collect(),
        totali: Some(totali()),
    }
}

fn totali() -> TotaliControllo {
    TotaliControllo {
        righe: 3,
        ore_decretate: "1.00".into(),
        importi_autorizzati: "2.00".into(),
        importi_erogati: "3.00".into(),
    }
}

/// The intestazione and all the pieces from an offset on.
pub(super) fn opened(offset: usize) -> DownloadMessages {
    let mut messages = vec![Ok(intestazione())];
    let mut at = offset;
    for contenuto in FILE[offset..].chunks(CHUNK) {
        messages.push(Ok(Parte::Pezzo(PezzoFile {
            offset: at.try_into().unwrap(),
            contenuto: contenuto.to_vec().into(),
            righe: 0,
        })));
        at += contenuto.len();
    }
    messages
}

/// All of it.
pub(super) fn whole(offset: usize) -> DownloadMessages {
    let mut messages = opened(offset);
    messages.push(Ok(Parte::Chiusura(chiusura())));
    messages
}

type FakeDownloadStream =
    tokio_stream::Iter<std::vec::IntoIter<Result<DownloadDecreesResponse, Status>>>;

#[tonic::async_trait]
impl DecreeService for ServiceScript {
    async fn list_decrees(
        &self,
        _: Request<ListDecreesRequest>,
    ) -> Result<Response<ListDecreesResponse>, Status> {
        Err(Status::unimplemented(""))
    }

    async fn count_decrees(
        &self,
        _: Request<CountDecreesRequest>,
    ) -> Result<Response<CountDecreesResponse>, Status> {
        Ok(Response::new(CountDecreesResponse {
            totali: Some(totali()),
            rilevazione: Some(rilevazione()),
        }))
    }

    type ExportDecreesStream =
        tokio_stream::Iter<std::vec::IntoIter<Result<ExportDecreesResponse, Status>>>;

    async fn export_decrees(
        &self,
        _: Request<ExportDecreesRequest>,
    ) -> Result<Response<Self::ExportDecreesStream>, Status> {
        Err(Status::unimplemented(""))
    }

    type DownloadDecreesStream = FakeDownloadStream;

    async fn download_decrees(
        &self,
        request: Request<DownloadDecreesRequest>,
    ) -> Result<Response<FakeDownloadStream>, Status> {
        let request = request.into_inner();
        assert_eq!(request.rilevazione, 7, "that of the count");
        self.asked.lock().unwrap().push(request.offset);
        let scene = self.scene.lock().unwrap().pop_front();
        let offset = usize::try_from(request.offset).unwrap();
        let messages = scene.map_or_else(|| Ok(whole(offset)), |scene| scene(offset))?;
        let messages: Vec<_> = messages
            .into_iter()
            .map(|parte| parte.map(|parte| proto::DownloadDecreesResponse { parte: Some(parte) }))
            .collect();
        Ok(Response::new(tokio_stream::iter(messages)))
    }
}
