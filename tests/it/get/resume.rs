//! Downloads that are broken off, and go on.

use std::fs;

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use omnia::contract::proto::FormatoFile;

use super::{
    CHUNK, DECRETI, ROWS, SOGGETTO, assert_private,
    bridge::{Bridge, BridgeSpan},
    file, get, names, run, scene, wait_for_bytes,
};
use crate::{export_stream::many_rows, server::TestServer};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_that_is_cut_again_and_again_gives_the_whole_file() {
    let service = scene().await;
    let spans = [50, 700_000, 60, 540_000].map(BridgeSpan::Breaks);
    let bridge = Bridge::lead_to(service.address, &spans).await;
    let dir = tempfile::tempdir().unwrap();
    let (code, out, err) = run(get(&bridge.url(), &service.token(SOGGETTO), dir.path())
        .args(DECRETI)
        .args(["--file", "decreti.csv"]))
    .await;
    assert_eq!(code, Some(0), "{err}");
    assert_eq!(bridge.opened(), spans.len() + 1);
    // A connection that broke between two calls is mended without a word.
    assert!(err.matches("trying again").count() >= 2, "{err}");
    let whole = file(&service, FormatoFile::Csv, 1).await;
    assert!(whole.len() > 2 * CHUNK);
    assert!(fs::read(dir.path().join("decreti.csv")).unwrap() == whole);
    assert_eq!(names(dir.path()), ["decreti.csv"]);
    assert_private(&dir.path().join("decreti.csv"));
    let begin = format!(
        "decreti.csv: {ROWS} rows, {} bytes, rilevazione 1 as of 2026-10-31, loaded 2026-11-23T09:00:00Z\n\
         totals:  {ROWS} rows, ore decretate 15.000,00, importi autorizzati 1.125.075,00, importi erogati \
         1.124.925,00; those of DecreeService/CountDecrees\nSHA-256: ",
        whole.len()
    );
    assert!(out.starts_with(&begin), "{out}");
    assert!(out.ends_with("; that of the service\n"), "{out}");
    service.stop().await;
}

/// Killed without a chance to say goodbye; run again after another rilevazione was loaded.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_command_that_was_killed_goes_on_with_the_same_rilevazione() {
    let service = scene().await;
    let bridge = Bridge::lead_to(service.address, &[BridgeSpan::Stalls(1_200_000)]).await;
    let token = service.token(SOGGETTO);
    let dir = tempfile::tempdir().unwrap();
    let part = dir.path().join("d.csv.part");
    let command = || {
        let mut command = get(&bridge.url(), &token, dir.path());
        command.args(DECRETI).args(["--file", "d.csv"]);
        command
    };
    let mut child = command().spawn().unwrap();
    wait_for_bytes(&part, 2 * CHUNK).await;
    // No other process may write it meanwhile.
    let (code, _, err) = run(&mut command()).await;
    assert_eq!(
        (code, err.as_str()),
        (
            Some(1),
            "omnia: d.csv.part: another omnia get is at work on it\n"
        )
    );
    child.kill().await.unwrap();
    assert_eq!(names(dir.path()), ["d.csv.part", "d.csv.part.json"]);
    assert_private(&part);
    assert_private(&dir.path().join("d.csv.part.json"));
    assert!(
        !fs::read_to_string(dir.path().join("d.csv.part.json"))
            .unwrap()
            .contains(&token)
    );

    service.load(&many_rows(ROWS - 1), "2026-11-20").await;
    let (code, out, err) = run(&mut command()).await;
    assert_eq!(code, Some(0), "{err}");
    let gone_on = format!(
        "omnia: going on from byte {}, with rilevazione 1\n",
        2 * CHUNK
    );
    assert_eq!(err, gone_on);
    assert!(out.contains("rilevazione 1 as of 2026-10-31"), "{out}");
    let earlier = format!("; the first {} bytes are an earlier run's\n", 2 * CHUNK);
    assert!(out.contains(&earlier), "{out}");
    let first = file(&service, FormatoFile::Csv, 1).await;
    assert!(fs::read(dir.path().join("d.csv")).unwrap() == first);
    assert_eq!(names(dir.path()), ["d.csv"]);

    // What is begun now is of the latest; and what is there is replaced only if that is said.
    let (code, _, err) = run(&mut command()).await;
    assert_eq!(
        (code, err.as_str()),
        (
            Some(1),
            "omnia: d.csv is there already; --sovrascrivi replaces it\n"
        )
    );
    let (code, out, err) = run(command().arg("--sovrascrivi")).await;
    assert_eq!(code, Some(0), "{err}");
    assert!(out.contains("rilevazione 2 as of 2026-11-20"), "{out}");
    let second = file(&service, FormatoFile::Csv, 2).await;
    assert!(first != second && fs::read(dir.path().join("d.csv")).unwrap() == second);
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_part_goes_on_only_with_the_command_that_it_is_of() {
    let service = scene().await;
    let url = format!("http://{}", service.address);
    let bridge = Bridge::lead_to(service.address, &[BridgeSpan::Stalls(700_000)]).await;
    let token = service.token(SOGGETTO);
    let dir = tempfile::tempdir().unwrap();
    let part = dir.path().join("d.csv.part");
    let command = |server: &str| {
        let mut command = get(server, &token, dir.path());
        command.args(DECRETI).args(["--file", "d.csv"]);
        command
    };
    let mut child = command(&bridge.url()).spawn().unwrap();
    wait_for_bytes(&part, CHUNK).await;
    let pid = Pid::from_raw(i32::try_from(child.id().unwrap()).unwrap());
    kill(pid, Signal::SIGINT).unwrap();
    assert_eq!(child.wait().await.unwrap().code(), Some(1));
    let left = fs::read(&part).unwrap();

    for (server, extra, difference) in [
        (
            url.as_str(),
            &[][..],
            format!("--server was \"{}\" and is \"{url}\"", bridge.url()),
        ),
        (
            &bridge.url(),
            &["--formato", "csv-excel"],
            "--formato was \"csv\" and is \"csv-excel\"".to_owned(),
        ),
        (
            &bridge.url(),
            &["--dal", "2022-03-01"],
            "--dal was none and is \"2022-03-01\"".to_owned(),
        ),
        (
            &bridge.url(),
            &["--rilevazione", "1"],
            "--rilevazione was none and is \"1\"".to_owned(),
        ),
    ] {
        let (code, out, err) = run(command(server).args(extra)).await;
        assert_eq!((code, out.as_str()), (Some(1), ""));
        assert_eq!(
            err,
            format!(
                "omnia: d.csv.part is the beginning of another download: {difference}; --da-capo downloads all of \
                 it anew\n"
            )
        );
    }
    assert!(fs::read(&part).unwrap() == left);

    let manifest = dir.path().join("d.csv.part.json");
    let text = fs::read_to_string(&manifest).unwrap();
    // Rilevazione 1 of another database.
    fs::write(&manifest, text.replace("2026-11-23T09", "2026-11-23T08")).unwrap();
    let (code, _, err) = run(&mut command(&bridge.url())).await;
    assert_eq!(code, Some(4), "{err}");
    assert!(
        err.contains("loaded 2026-11-23T08:00:00Z, and the service now says"),
        "{err}"
    );
    fs::remove_file(&manifest).unwrap();
    let (code, _, err) = run(&mut command(&bridge.url())).await;
    assert_eq!(code, Some(1));
    assert!(
        err.contains("d.csv.part is there without d.csv.part.json"),
        "{err}"
    );

    let (code, _, err) = run(command(&url).arg("--da-capo")).await;
    assert_eq!((code, err.as_str()), (Some(0), ""));
    assert!(
        fs::read(dir.path().join("d.csv")).unwrap() == file(&service, FormatoFile::Csv, 1).await
    );
    assert_eq!(names(dir.path()), ["d.csv"]);
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_part_that_was_tampered_with_never_becomes_the_file() {
    let service = scene().await;
    let bridge = Bridge::lead_to(service.address, &[BridgeSpan::Stalls(700_000)]).await;
    let token = service.token(SOGGETTO);
    let dir = tempfile::tempdir().unwrap();
    let part = dir.path().join("d.csv.part");
    let command = || {
        let mut command = get(&bridge.url(), &token, dir.path());
        command.args(DECRETI).args(["--file", "d.csv"]);
        command
    };
    let mut child = command().spawn().unwrap();
    wait_for_bytes(&part, CHUNK).await;
    child.kill().await.unwrap();

    let mut bytes = fs::read(&part).unwrap();
    bytes[1000] ^= 1;
    fs::write(&part, &bytes).unwrap();
    let (code, out, err) = run(&mut command()).await;
    assert_eq!((code, out.as_str()), (Some(4), ""), "{err}");
    assert!(
        err.contains("omnia: the SHA-256 of what is here is "),
        "{err}"
    );
    assert!(
        err.ends_with("omnia: d.csv was not written; d.csv.part is left as it is, and --da-capo downloads all of it anew\n"),
        "{err}"
    );
    // Now it is longer than the file too.
    let mut bytes = fs::read(&part).unwrap();
    bytes.push(b'\n');
    fs::write(&part, &bytes).unwrap();
    let (code, out, err) = run(&mut command()).await;
    assert_eq!((code, out.as_str()), (Some(4), ""), "{err}");
    let less = format!(
        "omnia: the file has less than the {} bytes that are here",
        bytes.len()
    );
    assert!(err.contains(&less), "{err}");
    assert_eq!(names(dir.path()), ["d.csv.part", "d.csv.part.json"]);

    assert_eq!(run(command().arg("--da-capo")).await.0, Some(0));
    assert!(
        fs::read(dir.path().join("d.csv")).unwrap() == file(&service, FormatoFile::Csv, 1).await
    );
    service.stop().await;
}

/// The service goes and comes back with other keys: the token is read again from its file.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_service_that_is_restarted_is_asked_on() {
    let service = scene().await;
    let whole = file(&service, FormatoFile::Csv, 1).await;
    let bridge = Bridge::lead_to(service.address, &[BridgeSpan::Stalls(1_200_000)]).await;
    let dir = tempfile::tempdir().unwrap();
    let token = dir.path().join("token");
    fs::write(&token, service.token(SOGGETTO)).unwrap();
    let child = get(&bridge.url(), "", dir.path())
        .args(DECRETI)
        .args(["--file", "d.csv", "--token", "@token"])
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    wait_for_bytes(&dir.path().join("d.csv.part"), 2 * CHUNK).await;
    // The first is gone until the other one comes up.
    bridge.redirect(None);
    bridge.cut();
    let db = service.stop().await;
    let service = TestServer::start_on(db, |_| ()).await;
    fs::write(&token, service.token(SOGGETTO)).unwrap();
    bridge.redirect(Some(service.address));
    let output = child.wait_with_output().await.unwrap();
    let err = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(0), "{err}");
    assert!(err.contains("trying again"), "{err}");
    assert!(fs::read(dir.path().join("d.csv")).unwrap() == whole);
    service.stop().await;
}
