//! What is not what the service vouches for never becomes a file.

use std::fs;

use omnia::contract::proto::{Rilevazione, TotaliControllo, download_decrees_response::Parte};

use super::{
    fake_service::{
        DownloadMessages, DownloadScene, FILE, FakeService, chiusura, intestazione, opened,
        rilevazione, whole,
    },
    get, names, run,
};
fn with_piece(
    offset: usize,
    change: impl Fn(&mut omnia::contract::proto::PezzoFile),
) -> DownloadMessages {
    let mut messages = whole(offset);
    if let Some(Ok(Parte::Pezzo(pezzo))) = messages.get_mut(2) {
        change(pezzo);
    }
    messages
}

fn with_chiusura(
    offset: usize,
    change: impl Fn(&mut omnia::contract::proto::ChiusuraFileDecreti),
) -> DownloadMessages {
    let mut messages = opened(offset);
    let mut chiusura = chiusura();
    change(&mut chiusura);
    messages.push(Ok(Parte::Chiusura(chiusura)));
    messages
}

fn of_another(rilevazione: Option<Rilevazione>) -> DownloadMessages {
    let mut messages = whole(0);
    if let Some(Ok(Parte::Intestazione(intestazione))) = messages.first_mut() {
        intestazione.rilevazione = rilevazione;
    }
    messages
}

const LIES: [(DownloadScene, &str); 11] = [
    (
        |at| Ok(with_piece(at, |pezzo| pezzo.offset += 1)),
        "a piece begins at byte 5 of the file, where byte 4 was due",
    ),
    (
        |at| Ok(with_piece(at, |pezzo| pezzo.offset = -1)),
        "a piece begins at byte -1",
    ),
    (
        |at| {
            Ok(with_piece(at, |pezzo| {
                pezzo.contenuto = b"DUE\r".to_vec().into()
            }))
        },
        "the SHA-256 of what is here is ",
    ),
    (
        |at| Ok(with_chiusura(at, |chiusura| chiusura.sha256.clear())),
        "the SHA-256 of what is here is ",
    ),
    (
        |at| Ok(with_chiusura(at, |chiusura| chiusura.dimensione += 1)),
        "15 bytes are here, the file has 16",
    ),
    (
        |at| {
            Ok(with_chiusura(at, |chiusura| {
                chiusura.totali.as_mut().unwrap().importi_erogati = "3.01".into();
            }))
        },
        "the totals of the file are not those of DecreeService/CountDecrees:\n  3 rows, ore decretate 1,00, importi \
         autorizzati 2,00, importi erogati 3,01\n  3 rows, ore decretate 1,00, importi autorizzati 2,00, importi \
         erogati 3,00\n",
    ),
    (
        |at| {
            Ok(with_chiusura(at, |chiusura| {
                chiusura.totali = Some(TotaliControllo {
                    righe: 2,
                    ..chiusura.totali.clone().unwrap()
                });
            }))
        },
        "the totals of the file are not those of DecreeService/CountDecrees",
    ),
    (
        |_| {
            Ok(of_another(Some(Rilevazione {
                numero: 8,
                ..rilevazione()
            })))
        },
        "the file is not of rilevazione 7",
    ),
    (|_| Ok(of_another(None)), "the file is not of rilevazione 7"),
    (
        |at| Ok(whole(at).into_iter().skip(1).collect()),
        "the first part is not an intestazione",
    ),
    (
        |at| {
            let mut messages = whole(at);
            messages.insert(2, Ok(intestazione()));
            Ok(messages)
        },
        "a second intestazione",
    ),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_does_not_fit_is_an_error_and_no_file() {
    for (i, (lie, text)) in LIES.into_iter().enumerate() {
        let fake = FakeService::perform(&[lie]).await;
        let dir = tempfile::tempdir().unwrap();
        let command = || {
            let mut command = get(&fake.url(), "token", dir.path());
            command.args(["decreti", "--normativa", "N", "--file", "d.csv"]);
            command
        };
        let (code, out, err) = run(&mut command()).await;
        assert_eq!((code, out.as_str()), (Some(4), ""), "{i}: {err}");
        assert!(err.starts_with(&format!("omnia: {text}")), "{i}: {err}");
        assert_eq!(fake.asked_offsets(), [0], "{i}: it was not tried again");
        assert!(!dir.path().join("d.csv").exists(), "{i}");
        // What is left can be done away with by one option.
        let (code, _, err) = run(command().arg("--da-capo")).await;
        assert_eq!(code, Some(0), "{i}: {err}");
        assert_eq!(fs::read(dir.path().join("d.csv")).unwrap(), FILE, "{i}");
        assert_eq!(names(dir.path()), ["d.csv"], "{i}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn standard_output_is_told_that_it_is_not_whole() {
    let fake =
        FakeService::perform(&[|at| Ok(with_chiusura(at, |chiusura| chiusura.dimensione += 1))])
            .await;
    let dir = tempfile::tempdir().unwrap();
    let mut command = get(&fake.url(), "token", dir.path());
    command.args([
        "decreti",
        "--normativa",
        "N",
        "--file",
        "-",
        "--formato",
        "csv",
    ]);
    let (code, out, err) = run(&mut command).await;
    assert_eq!((code, out.as_bytes()), (Some(4), FILE));
    assert_eq!(
        err,
        "omnia: 15 bytes are here, the file has 16\nomnia: what standard output has got, if anything, is not whole\n"
    );
    // And where all is well, the rest is said beside it.
    let (code, out, err) = run(&mut command).await;
    assert_eq!((code, out.as_bytes()), (Some(0), FILE));
    assert!(
        err.starts_with("-: 3 rows, 15 bytes, rilevazione 7"),
        "{err}"
    );
    assert!(names(dir.path()).is_empty());
}
