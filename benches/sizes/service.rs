//! The service as it is run: the program, in a process of its own, and a client of it.

use std::{
    collections::VecDeque,
    process::Child,
    time::{Duration, Instant},
};

use bytes::Bytes;
use http::uri::PathAndQuery;
use nix::sys::signal::Signal;
use omnia::{
    abilitazione::grants::LimitiAa07,
    contract::proto::{
        ChiusuraExport, ExportDecreesRequest, FiltroDecreti, LottoExport, TotaliControllo,
        decree_service_client::DecreeServiceClient,
    },
    postgres::{DatabaseConnections, SchemaName},
};
use prost::Message as _;
use tokio::{task::spawn_blocking, time::sleep};
use tonic::{
    Request, Status,
    client::Grpc,
    metadata::AsciiMetadataValue,
    service::{Interceptor, interceptor::InterceptedService},
    transport::{Channel, Endpoint},
};
use tonic_prost::ProstCodec;

use super::{
    scene::{LOADED, SizesScene},
    stage::{self, SUBJECT},
    totals::ExportTotals,
};

/// How long slow clients read.
const SLOW: Duration = Duration::from_secs(8);

/// A running service.
pub struct ExportService {
    child: Child,
    pub address: String,
    bearer: SizesBearer,
    channel: InterceptedService<Channel, SizesBearer>,
}

/// A message of the stream as a client sees it that hands the rows on: the lotto as its bytes.
#[derive(Clone, PartialEq, prost::Message)]
struct Passed {
    #[prost(bytes = "bytes", tag = "2")]
    lotto: Bytes,
    #[prost(message, optional, tag = "3")]
    chiusura: Option<ChiusuraExport>,
}

/// Puts the token on every call.
#[derive(Clone)]
struct SizesBearer(AsciiMetadataValue);

impl Interceptor for SizesBearer {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        request
            .metadata_mut()
            .insert("authorization", self.0.clone());
        Ok(request)
    }
}

impl ExportService {
    pub async fn start(scene: &SizesScene) -> Self {
        grant(scene).await;
        let mut command = stage::service(&scene.cluster, &scene.dir, LOADED);
        let (address, child) = stage::start(
            command
                .env("OMNIA_EXPORT__MAX_CONCURRENT", "16")
                .env("OMNIA_EXPORT__MAX_PER_SUBJECT", "16")
                .env("OMNIA_DATABASE__MAX_CONNECTIONS", "20"),
        );
        let channel = connect(&format!("http://{address}")).await;
        let token = stage::token(&scene.key, 1);
        let bearer = SizesBearer(format!("Bearer {token}").parse().unwrap());
        Self {
            child,
            address: format!("http://{address}"),
            bearer: bearer.clone(),
            channel: InterceptedService::new(channel, bearer),
        }
    }

    /// So many clients, each with a connection of its own and the windows that libraries have by default, read about a megabyte
    /// a second for some seconds, and go away.
    pub async fn slow_clients(&self, clients: usize, normativa: &str) {
        let mut tasks = Vec::new();
        for _ in 0..clients {
            let channel = Endpoint::from_shared(self.address.clone()).unwrap();
            let channel = channel.connect().await.unwrap();
            let channel = InterceptedService::new(channel, self.bearer.clone());
            let request = ExportDecreesRequest {
                normativa: normativa.to_owned(),
                ..Default::default()
            };
            tasks.push(tokio::spawn(async move {
                let mut client = DecreeServiceClient::new(channel);
                let mut stream = client.export_decrees(request).await.unwrap().into_inner();
                let begin = Instant::now();
                let mut bytes = 0;
                while begin.elapsed() < SLOW {
                    bytes += stream.message().await.unwrap().unwrap().encoded_len();
                    sleep(Duration::from_micros(bytes as u64).saturating_sub(begin.elapsed()))
                        .await;
                }
            }));
        }
        for task in tasks {
            task.await.unwrap();
        }
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Receives the rows of a norm. Gives the totals that close the stream, once the rows received are as many.
    pub async fn export(&self, normativa: &str, filtro: &FiltroDecreti) -> ExportTotals {
        // As a client does that has more than one processor: lotti are decoded beside, while others arrive.
        let decode = |lotto: Bytes| {
            spawn_blocking(move || LottoExport::decode(lotto).unwrap().decreti.len() as i64)
        };
        let mut received = 0;
        let mut decoding = VecDeque::new();
        let totali = self
            .receive(normativa, filtro, async |lotto| {
                decoding.push_back(decode(lotto));
                if decoding.len() > 4 {
                    received += decoding.pop_front().unwrap().await.unwrap();
                }
            })
            .await;
        for lotto in decoding {
            received += lotto.await.unwrap();
        }
        assert_eq!(totali.righe, received);
        ExportTotals {
            rows: totali.righe,
            ore_decretate: totali.ore_decretate.parse().unwrap(),
            importi_autorizzati: totali.importi_autorizzati.parse().unwrap(),
            importi_erogati: totali.importi_erogati.parse().unwrap(),
        }
    }

    /// Receives the rows of a norm without looking into it. Gives the number of rows that the end of the stream tells.
    pub async fn drain(&self, normativa: &str, filtro: &FiltroDecreti) -> i64 {
        let mut bytes = 0;
        let totali = self
            .receive(normativa, filtro, async |lotto| bytes += lotto.len())
            .await;
        assert!(bytes > 0);
        totali.righe
    }

    /// Hands on every lotto. Gives the totals that close the stream.
    async fn receive(
        &self,
        normativa: &str,
        filtro: &FiltroDecreti,
        mut take: impl AsyncFnMut(Bytes),
    ) -> TotaliControllo {
        const PATH: &str = "/inps.omnia.monitoraggio.v1.DecreeService/ExportDecrees";
        let request = ExportDecreesRequest {
            normativa: normativa.to_owned(),
            filtro: Some(filtro.clone()),
            ..Default::default()
        };
        let codec = ProstCodec::<ExportDecreesRequest, Passed>::default();
        let mut grpc = Grpc::new(self.channel.clone());
        grpc.ready().await.unwrap();
        let stream = grpc.server_streaming(
            Request::new(request),
            PathAndQuery::from_static(PATH),
            codec,
        );
        let mut stream = stream.await.unwrap().into_inner();
        let mut closing = None;
        while let Some(passed) = stream.message().await.unwrap() {
            if !passed.lotto.is_empty() {
                take(passed.lotto).await;
            }
            closing = passed.chiusura;
        }
        let closing = closing.expect("the stream has its end");
        closing.totali.unwrap()
    }

    /// Stops it as an operator would.
    pub async fn stop(mut self) {
        // The client's connection would be waited for.
        drop(self.channel);
        let status = spawn_blocking(move || stage::end(&mut self.child, Signal::SIGTERM));
        let status = status.await.unwrap();
        assert!(status.success(), "omnia serve: {status}");
    }
}

/// With windows and frames that a client of large exports should have (README, "For the integrator").
pub async fn connect(address: &str) -> Channel {
    Endpoint::from_shared(address.to_owned())
        .unwrap()
        .initial_stream_window_size(8 << 20)
        .initial_connection_window_size(16 << 20)
        .max_frame_size(1 << 20)
        .connect()
        .await
        .unwrap()
}

async fn grant(scene: &SizesScene) {
    let owner = DatabaseConnections::owner(scene.owner(LOADED), SchemaName::default());
    let owner = owner.pool().clone();
    // The service is started several times on one database.
    let given: bool =
        sqlx::query_scalar("select exists (select from abilitazione where soggetto = $1)")
            .bind(SUBJECT)
            .fetch_one(&owner)
            .await
            .unwrap();
    if !given {
        stage::grant(&owner, LimitiAa07::default()).await;
    }
    owner.close().await;
}
