//! Files as a browser or `curl -C -` wants them, and answers that a caller may keep.

use omnia::contract::proto::{DownloadDecreesRequest, DownloadReportSinteticoRequest, FormatoFile};
use serde_json::json;

use super::{Answer, RestCaller};
use crate::{
    audit::call_records,
    calls::{self, PERSONA},
    download::{self, FORMATS},
    eventually::eventually,
    export_stream::many_rows,
    model::NORMATIVE,
    server::TestServer,
};

/// What came back, its body as bytes.
struct GivenFile {
    status: u16,
    headers: reqwest::header::HeaderMap,
    bytes: Vec<u8>,
}

impl GivenFile {
    fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }
}

async fn file(
    caller: &RestCaller,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
) -> GivenFile {
    let mut request = caller.request(method, path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let response = request.send().await.unwrap();
    GivenFile {
        status: response.status().as_u16(),
        headers: response.headers().clone(),
        bytes: response.bytes().await.unwrap().to_vec(),
    }
}

fn path(formato: FormatoFile) -> String {
    let formato = formato.as_str_name();
    format!(
        "/v1/normative/{}/decreti/file?formato={formato}",
        NORMATIVE[0]
    )
}

#[tokio::test]
async fn a_file_is_that_of_the_download() {
    let service = TestServer::start().await;
    service.load(&calls::extract(), "2026-10-31").await;
    let rest = RestCaller::of(&service, "mef-rgs").await;
    let mut client = service.clients_as("cliente-mef-rgs");
    let mut tags = std::collections::BTreeSet::new();
    for formato in FORMATS {
        let request = DownloadDecreesRequest {
            normativa: NORMATIVE[0].into(),
            formato: formato.into(),
            ..Default::default()
        };
        let expected = download::decreti(&mut client, request).await.unwrap();
        let head = file(&rest, "HEAD", &path(formato), &[]).await;
        assert_eq!((head.status, head.bytes.len()), (200, 0));
        let given = file(&rest, "GET", &path(formato), &[]).await;
        assert_eq!(given.status, 200);
        assert!(given.bytes == expected.bytes);
        assert_eq!(
            given.header("content-type"),
            expected.intestazione.tipo_contenuto
        );
        let name = format!("attachment; filename=\"{}\"", expected.intestazione.nome);
        assert_eq!(given.header("content-disposition"), name);
        assert_eq!(given.header("accept-ranges"), "bytes");
        // Rows of the detail are kept nowhere.
        assert_eq!(given.header("cache-control"), "no-store");
        assert_eq!(given.header("etag"), head.header("etag"));
        assert!(tags.insert(given.header("etag").to_owned()));
        // Named, the rilevazione is the same file.
        let named = file(
            &rest,
            "HEAD",
            &format!("{}&rilevazione=1", path(formato)),
            &[],
        )
        .await;
        assert_eq!(named.header("etag"), given.header("etag"));
        // Known by now, with its digest.
        let length = expected.bytes.len().to_string();
        assert_eq!(named.header("content-length"), length);
        assert!(named.header("repr-digest").starts_with("sha-256=:"));
        let same = file(
            &rest,
            "GET",
            &path(formato),
            &[("if-none-match", given.header("etag"))],
        )
        .await;
        assert_eq!((same.status, same.bytes.len()), (304, 0));
    }
    let search = format!("/v1/normative/{}/decreti/ricerca/file", NORMATIVE[0]);
    let found = rest
        .post(&search, &json!({"formato": "FORMATO_FILE_CSV"}))
        .await;
    assert_eq!(found.status, 200);
    assert!(found.text.contains("****************") && !found.text.contains(PERSONA));
    // Who sees more has another file.
    let clear = RestCaller::of(&service, "mlps-ammortizzatori").await;
    let clear = file(&clear, "HEAD", &path(FormatoFile::Csv), &[]).await;
    assert!(!tags.contains(clear.header("etag")));

    let request = DownloadReportSinteticoRequest {
        formato: FormatoFile::Xlsx.into(),
        ..Default::default()
    };
    let expected = download::report(&mut client, request).await.unwrap();
    let given = file(
        &rest,
        "GET",
        "/v1/report-sintetico/file?formato=FORMATO_FILE_XLSX",
        &[],
    )
    .await;
    assert!(given.bytes == expected.bytes);
    assert_eq!(given.header("cache-control"), "private, no-cache");
    let bad = rest.get("/v1/report-sintetico/file").await;
    assert_eq!(
        bad.problem(),
        (
            400,
            "INVALID_REQUEST".to_owned(),
            vec!["formato".to_owned()]
        )
    );
    let bad = rest
        .get("/v1/report-sintetico/file?formato=FORMATO_FILE_CSV&offset=3")
        .await;
    assert_eq!(
        bad.problem(),
        (400, "INVALID_REQUEST".to_owned(), vec!["offset".to_owned()])
    );
    let other = rest.request("GET", "/v1/report-sintetico/file?formato=FORMATO_FILE_CSV");
    let other = Answer::of(
        other
            .header("accept", "application/pdf")
            .send()
            .await
            .unwrap(),
    )
    .await;
    assert_eq!(other.status, 406);
    service.stop().await;
}

/// Whether or not its size was known: nobody asks for more than the last byte.
#[tokio::test]
async fn a_file_that_came_whole_is_recorded_as_whole() {
    let service = TestServer::start().await;
    service.load(&many_rows(5_000), "2026-10-31").await;
    let rest = RestCaller::of(&service, "mlps-ammortizzatori").await;
    for (n, range) in [None, None, Some(("range", "bytes=7-"))]
        .into_iter()
        .enumerate()
    {
        let given = file(&rest, "GET", &path(FormatoFile::Csv), range.as_slice()).await;
        assert_eq!(given.status, if range.is_some() { 206 } else { 200 });
        let mut ends = Vec::new();
        eventually("its end is recorded", async || {
            let records = call_records(&service.db.owner).await;
            let of_stream = records.iter().filter(|record| record["tipo"] == "FINE");
            ends = of_stream.map(|record| record["esito"].clone()).collect();
            ends.len() == n + 1
        })
        .await;
        assert!(ends.iter().all(|esito| esito == "OK"), "{ends:?}");
    }
    service.stop().await;
}

#[tokio::test]
async fn a_range_is_of_the_same_bytes_whether_or_not_the_file_is_known() {
    let service = TestServer::start().await;
    service.load(&many_rows(9_000), "2026-10-31").await;
    let rest = RestCaller::of(&service, "mef-rgs").await;
    let path = path(FormatoFile::Csv);
    // Nobody has asked for it whole yet.
    let middle = file(&rest, "GET", &path, &[("range", "bytes=1000-1999")]).await;
    assert_eq!((middle.status, middle.bytes.len()), (206, 1000));
    let all = file(&rest, "GET", &path, &[]).await;
    let size = all.bytes.len();
    assert!(size > 600_000, "several pieces: {size}");
    assert!(all.bytes[1000..2000] == middle.bytes);
    assert_eq!(
        middle.header("content-range"),
        format!("bytes 1000-1999/{size}")
    );
    let etag = all.header("etag").to_owned();
    for (range, first, last) in [
        ("bytes=0-", 0, size - 1),
        ("bytes=524288-", 524_288, size - 1),
        ("bytes=524287-524288", 524_287, 524_288),
        ("bytes=-7", size - 7, size - 1),
        ("bytes=7-999999999", 7, size - 1),
    ] {
        let part = file(
            &rest,
            "GET",
            &path,
            &[("range", range), ("if-range", &etag)],
        )
        .await;
        assert_eq!(part.status, 206, "{range}");
        assert_eq!(
            part.header("content-range"),
            format!("bytes {first}-{last}/{size}")
        );
        assert!(part.bytes == all.bytes[first..=last], "{range}");
        assert_eq!(part.header("repr-digest"), all.header("repr-digest"));
    }
    let beyond = file(&rest, "GET", &path, &[("range", &format!("bytes={size}-"))]).await;
    assert_eq!(beyond.status, 416);
    assert_eq!(beyond.header("content-range"), format!("bytes */{size}"));
    assert_eq!(beyond.header("content-type"), "application/problem+json");
    let problem: serde_json::Value = serde_json::from_slice(&beyond.bytes).unwrap();
    assert_eq!(problem["errors"][0]["field"], "Range", "{problem}");
    assert!(problem["trace_id"].is_string(), "{problem}");
    // Another file by now, or a range that is none: all of it.
    for headers in [
        [("range", "bytes=7-"), ("if-range", "\"other\"")],
        [("range", "bytes=7-8,10-11"), ("if-range", &etag)],
        [("range", "lines=7-"), ("if-range", &etag)],
    ] {
        let whole = file(&rest, "GET", &path, &headers).await;
        assert_eq!((whole.status, whole.bytes.len()), (200, size));
    }
    service.stop().await;
}

#[tokio::test]
async fn an_answer_without_rows_may_be_kept_and_asked_about() {
    let service = TestServer::start().await;
    service.load(&calls::extract(), "2026-09-30").await;
    let rest = RestCaller::of(&service, "mef-rgs").await;
    let first = rest.get("/v1/report-sintetico").await;
    first.ok();
    assert_eq!(first.header("cache-control"), "private, no-cache");
    let etag = first.header("etag").to_owned();
    let again = |etag: String| {
        let request = rest.request("GET", "/v1/report-sintetico");
        let request = request.header("if-none-match", etag);
        async { Answer::of(request.send().await.unwrap()).await }
    };
    let same = again(etag.clone()).await;
    assert_eq!((same.status, same.text.as_str()), (304, ""));
    // It was decided and recorded as any other.
    let records = crate::audit::call_records(&service.db.owner).await;
    assert_eq!(records.len(), 2);
    let mut next = calls::extract();
    next.rows.pop();
    service.load(&next, "2026-10-31").await;
    assert_eq!(again(etag).await.status, 200);
    let nobody = RestCaller::with(&service, None);
    let request = nobody
        .request("GET", "/v1/report-sintetico")
        .header("if-none-match", "*");
    assert_eq!(Answer::of(request.send().await.unwrap()).await.status, 401);
    let detail = rest
        .get(&format!("/v1/normative/{}/decreti", NORMATIVE[0]))
        .await;
    assert_eq!(
        (detail.header("cache-control"), detail.header("etag")),
        ("no-store", "")
    );
    // In gzip where that is taken: the same, in fewer bytes.
    let zipped = rest
        .request("GET", "/v1/report-sintetico")
        .header("accept-encoding", "gzip");
    let zipped = zipped.send().await.unwrap();
    assert_eq!(zipped.headers()["content-encoding"], "gzip");
    let bytes = zipped.bytes().await.unwrap();
    let mut text = String::new();
    let mut gunzip = flate2::read::GzDecoder::new(&bytes[..]);
    std::io::Read::read_to_string(&mut gunzip, &mut text).unwrap();
    let plain = rest.get("/v1/report-sintetico").await;
    assert_eq!(text, plain.text);
    assert!(bytes.len() < text.len() / 2);
    service.stop().await;
}
