//! An extract that is loaded already: known by what it says, and not by its bytes.

use super::*;
use crate::test_bench;

#[tokio::test]
async fn another_form_is_the_same_extract() {
    let db = test_bench::database().await;
    let caps = [
        "DL48-2023-ART30,CIGS,2023,13.00",
        "DL48-2023-ART30,CIGS,2024,14.00",
    ];
    ExtractFiles::of(&[A, B], &caps).must_load(&db.owner).await;
    let before = everything(&db.owner).await;
    let (plain, caps) = (file(DECRETI, &[A, B]), file(STANZIAMENTI, &caps));
    let turned = |text: &str| -> String {
        let line = |line: &str| line.split(',').rev().collect::<Vec<_>>().join(",") + "\n";
        text.lines().map(line).collect()
    };
    let quoted = |text: &str| -> String {
        let line = |line: &str| format!("\"{}\"\r\n", line.replace(',', "\",\""));
        text.lines().map(line).collect()
    };
    let forms: [fn(&str) -> String; 6] = [
        str::to_owned,
        |text| text.trim_end().to_owned(),
        |text| text.replace(',', ";"),
        |text| text.replace('\n', "\r\n"),
        |text| text.replace('\n', "\n\n"),
        |text| format!("\u{feff}{text}"),
    ];
    let mut all: Vec<[String; 2]> = forms.map(|form| [form(&plain), form(&caps)]).to_vec();
    all.push([turned(&plain), turned(&caps)]);
    all.push([quoted(&plain), quoted(&caps)]);
    all.push([file(DECRETI, &[B, A]), caps.clone()]);
    for [decreti, stanziamenti] in all {
        let again = ExtractFiles::new(&decreti, &stanziamenti);
        assert_eq!(
            again.must_be_known(&db.owner).await,
            1,
            "{decreti}{stanziamenti}"
        );
    }
    assert_eq!(everything(&db.owner).await, before);
}

#[tokio::test]
async fn what_says_anything_else_is_another_extract() {
    let db = test_bench::database().await;
    let caps = [
        "DL48-2023-ART30,CIGS,2023,13.00",
        "DL48-2023-ART30,CIGS,2024,14.00",
    ];
    ExtractFiles::of(&[A, B], &caps).must_load(&db.owner).await;
    let paid = A.replace(",100.00,1000.00,100.00", ",100.00,1000.00,100.01");
    let other_cap = [
        "DL48-2023-ART30,CIGS,2023,13.00",
        "DL48-2023-ART30,CIGS,2024,14.01",
    ];
    let others = [
        ExtractFiles::of(&[&paid, B], &caps),
        ExtractFiles::of(&[A], &caps),
        ExtractFiles::of(&[A, B, &A.replace("112233", "112234")], &caps),
        ExtractFiles::of(&[A, B], &other_cap),
        ExtractFiles::of(&[A, B], &caps[..1]),
        ExtractFiles::of(&[A, B], &[]),
        ExtractFiles::of(&[A, B], &caps).dated("2024-02-01"),
    ];
    for (n, other) in (2..).zip(&others) {
        assert_eq!(other.must_load(&db.owner).await.rilevazione, n);
    }
    // Each is known again, whatever came after it.
    for (n, other) in (2..).zip(&others) {
        assert_eq!(other.must_be_known(&db.owner).await, n);
    }
}

#[tokio::test]
async fn the_catalogue_that_comes_with_it_is_applied() {
    let db = test_bench::database().await;
    let extract = ExtractFiles::of(&[A], &[]);
    extract.must_load(&db.owner).await;
    let names = NORMATIVE.replace("Cessazione", "Un'altra") + "DL1-2024,Nuova\n";
    fs::write(extract.path("normative.csv"), &names).unwrap();
    fs::write(
        extract.path("prestazioni.csv"),
        PRESTAZIONI.replace("Cassa", "La cassa"),
    )
    .unwrap();
    let (esito, _) = extract.load(&db.owner).await;
    let Ok(LoadOutcome::AlreadyLoaded(already)) = esito else {
        panic!("{esito:?}");
    };
    assert_eq!(
        (
            already.rilevazione,
            already.catalog.added,
            already.catalog.described
        ),
        (1, 1, 3)
    );
    let catalogue: Vec<String> = sqlx::query_scalar(
        "select normativa || ',' || descrizione from normativa
         union all select prestazione || ',' || descrizione from prestazione",
    )
    .fetch_all(&db.owner)
    .await
    .unwrap();
    assert_eq!(
        sorted(catalogue),
        [
            "CIGO,La cassa ordinaria",
            "CIGS,La cassa straordinaria",
            "DL1-2024,Nuova",
            "DL109-2018-ART44,Un'altra",
            "DL48-2023-ART30,Deroga"
        ]
    );
    // A catalogue that is wrong refuses the extract as before, and changes nothing.
    let before = everything(&db.owner).await;
    fs::write(
        extract.path("normative.csv"),
        "normativa,descrizione\nDL2-2024,Altra\nx,y\n",
    )
    .unwrap();
    let (esito, _) = extract.load(&db.owner).await;
    assert!(
        matches!(esito, Err(LoadError::Refused { rifiuti: 1, .. })),
        "{esito:?}"
    );
    assert_eq!(everything(&db.owner).await, before);
}
