//! `omnia blocks`, as an operator runs it.

use std::process::Command;

use crate::{flusso::molte, modello::NORMATIVE, servizio::Servizio};

/// Exit code, standard output, standard error.
fn blocks(servizio: &Servizio, arguments: &[&str]) -> (Option<i32>, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_omnia"))
        .arg("blocks")
        .args(arguments)
        .env("DATABASE_URL", &servizio.db.owner_url)
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
    let servizio = Servizio::avvia_con(|s| s.export.batch_rows = 10).await;
    let mut estratto = molte(95);
    servizio.carica(&estratto, "2026-09-30").await;
    estratto.righe[7].erogati += 1;
    estratto.righe.remove(8);
    servizio.carica(&estratto, "2026-10-31").await;
    let norm = NORMATIVE[0];
    let fine =
        format!("{norm} from rilevazione 1: 10 blocks\n{norm} from rilevazione 2: 10 blocks\n");
    assert_eq!(
        blocks(&servizio, &["verify"]),
        (Some(0), fine.clone(), String::new())
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
        sqlx::query(harm).execute(&servizio.db.owner).await.unwrap();
        let (code, _, err) = blocks(&servizio, &["verify"]);
        assert_eq!(code, Some(1), "{harm}");
        let told = if told.starts_with("DL") {
            told.to_owned()
        } else {
            format!("{norm} from rilevazione {told}")
        };
        assert!(err.contains(&told), "{harm}: {err}");
        assert!(err.ends_with("run `omnia blocks rebuild`\n"), "{err}");
        let (code, out, err) = blocks(&servizio, &["rebuild"]);
        assert_eq!((code, err.as_str()), (Some(0), ""), "{harm}");
        assert!(
            out.contains(&format!("{norm}: 20 blocks of 189 rows\n")),
            "{out}"
        );
        assert_eq!(blocks(&servizio, &["verify"]).1, fine, "{harm}");
    }
    servizio.ferma().await;
}
