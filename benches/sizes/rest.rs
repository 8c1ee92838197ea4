//! Scenarios `rest/…`: decrees out of the service in HTTP.
//!
//! `rest/lines` is `GET …/decreti/righe` of the biggest norm, drained by a client that counts the bytes; the peer writes the same rows as
//! `row_to_json` to /dev/null. `rest/file` is the CSV by `GET …/decreti/file`; its peer is the same file by `DownloadDecrees`, of the same service on
//! the same kind of connection.

use bytes::Bytes;
use criterion::Criterion;
use http::{Request, header::AUTHORIZATION};
use http_body_util::BodyExt as _;
use omnia::contract::proto::{
    DownloadDecreesRequest, DownloadDecreesResponse, FormatoFile,
    decree_service_client::DecreeServiceClient, download_decrees_response::Parte,
};
use serde_json::Value;
use tokio::runtime::Runtime;
use tonic::{Request as Call, body::Body, transport::Channel};
use tower::ServiceExt as _;

use super::{
    goals::Goals,
    psql,
    scene::{LOADED, SizesScene},
    service::{ExportService, connect},
    side_by_side::{TimedPair, TimesThePeer, compare, timed},
    stage,
};

/// Of the peer's rows/s.
const LINES: f64 = 1.0;
/// Of the bytes/s of the download.
const FILE: f64 = 0.9;

/// See the module.
pub fn run(
    criterion: &mut Criterion<TimesThePeer>,
    goals: &mut Goals,
    runtime: &Runtime,
    scene: &SizesScene,
) {
    let norm = scene.extract.biggest_norm();
    let service = runtime.block_on(ExportService::start(scene));
    let client = RestClient {
        base: service.address.clone(),
        bearer: format!("Bearer {}", stage::token(&scene.key, 1)),
        channel: runtime.block_on(connect(&service.address)),
    };
    let totals = scene.extract.totals[norm];

    // The result first.
    let path = format!("/v1/normative/{norm}/decreti/righe");
    let text = runtime.block_on(client.file(&path));
    let lines: Vec<&[u8]> = text.trim_ascii_end().split(|byte| *byte == b'\n').collect();
    let rows = lines
        .iter()
        .filter(|line| line.starts_with(b"{\"riga\":"))
        .count();
    assert_eq!(rows as i64, totals.rows);
    let closing: Value = serde_json::from_slice(lines[lines.len() - 1]).unwrap();
    assert_eq!(
        closing["chiusura"]["totali"]["importi_erogati"].as_str(),
        Some(&*totals.importi_erogati.to_string())
    );
    let size = text.len() as i64;
    let serving = scene.cluster.connect_options(LOADED, "omnia_servizio");
    let command = [rows_as_json(norm)];
    let pairs = compare(criterion, "rest", "lines", |round| {
        let ours = || assert_eq!(runtime.block_on(client.bytes(&path)), size);
        TimedPair::in_turn(
            round,
            || timed(ours),
            || timed(|| psql::run(&serving, &command)),
        )
    });
    goals.speed("rest/lines", totals.rows, &pairs, LINES);

    let path = format!("/v1/normative/{norm}/decreti/file?formato=FORMATO_FILE_CSV");
    let file = runtime.block_on(client.file(&path));
    assert_eq!(file, runtime.block_on(client.download(norm)));
    let size = i64::try_from(file.len()).unwrap();
    let pairs = compare(criterion, "rest", "file", |round| {
        let ours = || assert_eq!(runtime.block_on(client.bytes(&path)), size);
        let peer = || assert_eq!(runtime.block_on(client.downloaded(norm)), size);
        TimedPair::in_turn(round, || timed(ours), || timed(peer))
    });
    goals.speed("rest/file", totals.rows, &pairs, FILE);
    runtime.block_on(service.stop());
}

struct RestClient {
    base: String,
    bearer: String,
    channel: Channel,
}

impl RestClient {
    async fn get(&self, path: &str, mut take: impl FnMut(Bytes)) {
        let request = Request::get(format!("{}{path}", self.base))
            .header(AUTHORIZATION, &self.bearer)
            .body(Body::empty())
            .unwrap();
        let answer = self.channel.clone().oneshot(request).await.unwrap();
        assert_eq!(answer.status(), 200);
        let mut body = answer.into_body();
        while let Some(frame) = body.frame().await {
            if let Ok(data) = frame.unwrap().into_data() {
                take(data);
            }
        }
    }

    async fn file(&self, path: &str) -> Vec<u8> {
        let mut file = Vec::new();
        self.get(path, |data| file.extend_from_slice(&data)).await;
        file
    }

    async fn bytes(&self, path: &str) -> i64 {
        let mut size = 0;
        self.get(path, |data| size += data.len() as i64).await;
        size
    }

    async fn download(&self, norm: &str) -> Vec<u8> {
        let mut file = Vec::new();
        self.pieces(norm, |piece| file.extend_from_slice(&piece))
            .await;
        file
    }

    async fn downloaded(&self, norm: &str) -> i64 {
        let mut size = 0;
        self.pieces(norm, |piece| size += piece.len() as i64).await;
        size
    }

    async fn pieces(&self, norm: &str, mut take: impl FnMut(Bytes)) {
        let mut call = Call::new(DownloadDecreesRequest {
            normativa: norm.to_owned(),
            formato: FormatoFile::Csv.into(),
            ..Default::default()
        });
        call.metadata_mut()
            .insert("authorization", self.bearer.parse().unwrap());
        let mut client =
            DecreeServiceClient::new(self.channel.clone()).max_decoding_message_size(usize::MAX);
        let mut stream = client.download_decrees(call).await.unwrap().into_inner();
        while let Some(DownloadDecreesResponse { parte }) = stream.message().await.unwrap() {
            if let Some(Parte::Pezzo(piece)) = parte {
                take(piece.contenuto);
            }
        }
    }
}

/// The columns of the contract, in the reading order of the contract.
fn rows_as_json(norm: &str) -> String {
    format!(
        "\\copy (select row_to_json(r) from (select prestazione, codifica_sistema_unico, numero_decreto, data_decreto, validita_dal, \
         validita_al, cf_azienda, matricola_azienda, ore_decretate::text, importi_autorizzati::text, importi_erogati::text \
         from dettaglio_decreto where normativa = '{norm}' and dal_rilevazione <= 1 and al_rilevazione >= 1 \
         order by data_decreto, numero_decreto, id) r) to stdout"
    )
}
