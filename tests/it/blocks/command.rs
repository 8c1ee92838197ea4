//! `omnia derived`, as an operator runs it.

use std::process::Command;

use crate::{export_stream::many_rows, model::NORMATIVE, server::TestServer};

/// Exit code, standard output, standard error.
fn derived(service: &TestServer, arguments: &[&str]) -> (Option<i32>, String, String) {
    run_on(&service.db.owner_url, "derived", arguments)
}

fn run_on(url: &str, command: &str, arguments: &[&str]) -> (Option<i32>, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_omnia"))
        .arg(command)
        .args(arguments)
        .env("DATABASE_URL", url)
        .env("OMNIA_EXPORT__BATCH_ROWS", "10")
        .env_remove("OMNIA_CONFIG")
        .output()
        .unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (
        output.status.code(),
        text(output.stdout),
        text(output.stderr),
    )
}

#[tokio::test]
async fn verify_finds_what_rebuild_mends() {
    let service = TestServer::start_with(|s| s.export.batch_rows = 10).await;
    let mut extract = many_rows(95);
    service.load(&extract, "2026-09-30").await;
    extract.rows[7].erogati += 1;
    extract.rows.remove(8);
    service.load(&extract, "2026-10-31").await;
    let norm = NORMATIVE[0];
    let end =
        format!("{norm} from rilevazione 1: 10 blocks\n{norm} from rilevazione 2: 10 blocks\n");
    assert_eq!(
        derived(&service, &["verify"]),
        (Some(0), end.clone(), String::new())
    );

    for (harm, told) in [
        (
            "update blocco set importi_erogati = importi_erogati + 0.01 where posto = 4",
            "1: 1 blocks are not what the rows say, the first at place 4",
        ),
        (
            "update pezzo set byte = byte || '\\x00' where cosa = 'lotto' and posto >= 7",
            "1: 3 blocks are not what the rows say, the first at place 7",
        ),
        (
            "update pezzo set byte = byte || '\\x00' where cosa = 'batch' and numero = 0 and posto = 2",
            "1: 1 blocks are not what the rows say, the first at place 2",
        ),
        (
            "delete from pezzo where cosa = 'batch_persone' and posto = 1",
            "1: 1 blocks are not what the rows say, the first at place 1",
        ),
        (
            "update blocco set batch_byte = null",
            "1: 10 blocks are not what the rows say, the first at place 0",
        ),
        (
            "update serie set dizionario_codifiche = array_append(dizionario_codifiche, '999-999')",
            "1: has other dictionaries than its rows for its record batches",
        ),
        (
            "delete from blocco where posto = 9",
            "1: 1 blocks are not what the rows say, the first at place 9",
        ),
        (
            "update serie set blocchi = 11",
            "1: 1 blocks are not what the rows say, the first at place 0",
        ),
        (
            "update serie set righe_per_blocco = 9",
            "1: has blocks of 9 rows, and export.batch_rows is another",
        ),
        ("delete from serie", "1: has no blocks"),
        (
            "update serie set al_rilevazione = 2147483647 where dal_rilevazione = 1",
            "1: does not end where its rows change",
        ),
        (
            "insert into serie (normativa, dal_rilevazione, righe_per_blocco) values ('DL48-2023-ART30', 2, 10)",
            "DL48-2023-ART30 from rilevazione 2: does not end where its rows change",
        ),
    ] {
        sqlx::query(harm).execute(&service.db.owner).await.unwrap();
        let (code, _, err) = derived(&service, &["verify"]);
        assert_eq!(code, Some(1), "{harm}");
        let told = if told.starts_with("DL") {
            told.to_owned()
        } else {
            format!("{norm} from rilevazione {told}")
        };
        assert!(err.contains(&told), "{harm}: {err}");
        assert!(err.ends_with("run `omnia derived rebuild`\n"), "{err}");
        let (code, out, err) = derived(&service, &["rebuild"]);
        assert_eq!((code, err.as_str()), (Some(0), ""), "{harm}");
        assert!(
            out.contains(&format!("{norm}: 20 blocks of 189 rows\n")),
            "{out}"
        );
        assert_eq!(derived(&service, &["verify"]).1, end, "{harm}");
    }
    // The name that it had when there were only blocks.
    let url = &service.db.owner_url;
    assert_eq!(run_on(url, "blocks", &["verify"]).1, end);
    service.stop().await;
}

/// Scripts go by the exit code: wrong is not the same as not seen.
#[tokio::test]
async fn what_is_wrong_and_what_could_not_be_looked_at() {
    let service = TestServer::start_with(|s| s.export.batch_rows = 10).await;
    service.load(&many_rows(35), "2026-09-30").await;
    let owner = &service.db.owner;
    // A load runs.
    let mut load = owner.begin().await.unwrap();
    sqlx::query("select pg_advisory_xact_lock(x'4f4d4e49415f4953'::bigint)")
        .execute(&mut *load)
        .await
        .unwrap();
    for arguments in [&["verify"][..], &["rebuild"]] {
        let (code, _, err) = derived(&service, arguments);
        assert_eq!(code, Some(75), "{err}");
        assert!(err.contains("another load is in progress"), "{err}");
    }
    load.rollback().await.unwrap();
    assert_eq!(derived(&service, &["verify"]).0, Some(0));
    // There is no database, or not such a one.
    for url in [
        "postgres://omnia@127.0.0.1:1/x",
        "mysql://omnia@127.0.0.1/x",
        &service.db.serving_url,
    ] {
        assert_eq!(run_on(url, "derived", &["verify"]).0, Some(75), "{url}");
    }
    for (harm, told) in [
        (
            "delete from somma_giorno where giorno = (select min(giorno) from somma_giorno)",
            "the sums by day of CIGS are not what the rows say",
        ),
        (
            "update totale_controllo set importi_erogati = importi_erogati + 1",
            "the control totals of CIGS are not what the rows say",
        ),
        (
            "update rilevazione set totali = null",
            "rilevazione 1: its control totals are not those that its load sealed",
        ),
    ] {
        sqlx::query(harm).execute(owner).await.unwrap();
        let (code, _, err) = derived(&service, &["verify"]);
        assert_eq!(code, Some(1), "{err}");
        assert!(err.contains(told), "{err}");
        assert_eq!(derived(&service, &["rebuild"]).0, Some(0), "{harm}");
        assert_eq!(derived(&service, &["verify"]).0, Some(0), "{harm}");
    }
    // What no making again mends.
    sqlx::query("delete from dettaglio_decreto where id = (select min(id) from dettaglio_decreto)")
        .execute(owner)
        .await
        .unwrap();
    for arguments in [&["verify"][..], &["rebuild"]] {
        let (code, _, err) = derived(&service, arguments);
        assert_eq!(code, Some(1), "{err}");
        let told = "the rows of CIGS are not those of their load, which noted 35 rows";
        assert!(err.contains(told), "{err}");
    }
    let (code, out, err) = derived(&service, &["rebuild", "--accept-rows"]);
    assert_eq!((code, err.as_str()), (Some(0), ""), "{out}");
    assert_eq!(derived(&service, &["verify"]).0, Some(0));
    service.stop().await;
}
