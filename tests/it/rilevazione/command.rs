//! `omnia load` and `omnia generate`, as an operator runs them.

use std::{os::unix::fs::PermissionsExt as _, process::Command};

use super::{killed::load_command, *};
use crate::test_bench;

/// Exit code, standard output, standard error.
fn run(command: &mut Command) -> (Option<i32>, String, String) {
    let output = command.output().unwrap();
    (
        output.status.code(),
        String::from_utf8(output.stdout).unwrap(),
        String::from_utf8(output.stderr).unwrap(),
    )
}

#[tokio::test]
async fn a_load_prints_what_became_of_it() {
    let db = test_bench::database().await;
    let extract = ExtractFiles::of(&[A, B], &["DL48-2023-ART30,CIGS,2023,13.00"]);
    let mut command = load_command(&db, &extract.fonti);
    let loaded = "rilevazione 1 is loaded, as of 2024-01-31: 2 rows (2 new, 0 changed, 0 dropped), 1 appropriations, 0 warnings\n";
    assert_eq!(
        run(&mut command),
        (Some(0), loaded.to_owned(), String::new())
    );
    let again = "this extract is already loaded, as rilevazione 1; nothing was written\n";
    assert_eq!(
        run(&mut command),
        (Some(0), again.to_owned(), String::new())
    );
}

#[tokio::test]
async fn rejects_go_to_standard_error_or_to_a_file_of_ones_own() {
    let db = test_bench::database().await;
    let bad = A
        .replace("00743110157", "\u{1b}[2J\"\"")
        .replace("7012345662", "7012345663");
    let bad = bad.replace("\u{1b}[2J\"\"", "\"\u{1b}[2J\"\"\"");
    let extract = ExtractFiles::of(&[&bad], &[]);
    let name = extract.fonti.decreti.display();
    let (code, out, err) = run(&mut load_command(&db, &extract.fonti));
    assert_eq!((code, out.as_str()), (Some(1), ""));
    let form = "must be a codice fiscale: 11 digits, or 16 upper-case characters";
    assert_eq!(
        err,
        format!(
            "{name}:2: cf_azienda \"\\u{{1b}}[2J\\\"\" {form}\n\
             {name}:2: warning: matricola_azienda \"7012345663\" the check digits do not fit\n\
             omnia: the extract is refused: 1 things are wrong with it; nothing was loaded\n"
        )
    );

    let list = extract.path("rifiuti.csv");
    // No matter what was there and who could read it.
    fs::write(&list, "x".repeat(10_000)).unwrap();
    fs::set_permissions(&list, fs::Permissions::from_mode(0o644)).unwrap();
    let (code, _, err) = run(load_command(&db, &extract.fonti)
        .arg("--rifiuti")
        .arg(&list));
    assert_eq!(code, Some(1));
    assert_eq!(
        err,
        format!(
            "omnia: the extract is refused: 1 things are wrong with it; nothing was loaded; they are listed in {}\n",
            list.display()
        )
    );
    assert_eq!(
        fs::read_to_string(&list).unwrap(),
        format!(
            "\u{feff}gravita,file,riga,colonna,valore,motivo,motivo_english\n\
             errore,{name},2,cf_azienda,\"\\u{{1b}}[2J\"\"\",\
             deve essere un codice fiscale: 11 cifre oppure 16 caratteri maiuscoli,\"{form}\"\n\
             avviso,{name},2,matricola_azienda,7012345663,le cifre di controllo non corrispondono,\
             the check digits do not fit\n"
        )
    );
    assert_eq!(
        fs::metadata(&list).unwrap().permissions().mode() & 0o777,
        0o600
    );
}

#[tokio::test]
async fn the_list_of_rejects_does_not_overwrite_the_extract() {
    let db = test_bench::database().await;
    let extract = ExtractFiles::of(&[A], &[]);
    let link = extract.path("link.csv");
    std::os::unix::fs::symlink(&extract.fonti.decreti, &link).unwrap();
    let before = fs::read(&extract.fonti.decreti).unwrap();
    let (code, _, err) = run(load_command(&db, &extract.fonti)
        .arg("--rifiuti")
        .arg(&link));
    assert_eq!(code, Some(1));
    assert_eq!(
        err,
        format!(
            "omnia: --rifiuti would overwrite {}, which is to be loaded\n",
            extract.fonti.decreti.display()
        )
    );
    assert_eq!(fs::read(&extract.fonti.decreti).unwrap(), before);
}

#[tokio::test]
async fn a_database_without_the_schema_is_told() {
    let db = test_bench::database().await;
    sqlx::query("delete from _sqlx_migrations")
        .execute(&db.owner)
        .await
        .unwrap();
    let extract = ExtractFiles::of(&[A], &[]);
    let (code, _, err) = run(&mut load_command(&db, &extract.fonti));
    assert_eq!(code, Some(1));
    assert!(err.contains("run `omnia migrate`"), "{err}");
}

#[tokio::test]
async fn what_is_generated_loads_with_the_command_that_is_printed() {
    let db = test_bench::database().await;
    let folder = tempfile::tempdir().unwrap();
    let cartella = folder.path().join("l'estratto 2");
    let generate = |extra: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_omnia"));
        command
            .env_clear()
            .args(["generate", "--righe", "500", "--rilevazione", "2"]);
        run(command.arg("--cartella").arg(&cartella).args(extra))
    };
    let (code, out, err) = generate(&[]);
    assert_eq!(code, Some(0), "{err}");
    assert!(err.contains("not a legal source"), "{err}");
    let program = env!("CARGO_BIN_EXE_omnia");
    let (code, out, err) = run(Command::new("sh")
        .args(["-c", &out.replacen("omnia", program, 1)])
        .env("OMNIA_DATABASE__URL", &db.owner_url));
    assert_eq!(code, Some(0), "{err}");
    assert!(
        out.starts_with("rilevazione 1 is loaded, as of 2025-10-31: "),
        "{out}"
    );

    let (code, _, err) = generate(&[]);
    assert_eq!(code, Some(1));
    assert!(err.contains("decreti.csv is there already"), "{err}");
    assert_eq!(generate(&["--sovrascrivi"]).0, Some(0));
}
