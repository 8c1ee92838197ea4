//! `omnia grant`, as an operator runs it.

use crate::{
    abilitazione_cli::omnia,
    test_bench::{self, TestDatabase},
};

struct GrantMachine(TestDatabase);

impl GrantMachine {
    async fn set_up() -> Self {
        let db = test_bench::database().await;
        sqlx::raw_sql("insert into normativa values ('DL109-2018-ART44', ''), ('A', '')")
            .execute(&db.owner)
            .await
            .unwrap();
        Self(db)
    }

    fn grant(&self, arguments: &[&str]) -> (bool, String, String) {
        let database = [
            ("OMNIA_DATABASE__URL", self.0.serving_url.as_str()),
            ("OMNIA_DATABASE__OWNER_URL", self.0.owner_url.as_str()),
        ];
        omnia(&database, &[&["grant"], arguments].concat())
    }

    /// For days around any day on which this test may run, by Anna.
    fn record(&self, rest: &[&str]) -> (bool, String, String) {
        let impronta = "ab".repeat(32);
        let common = [
            "record",
            "--ente",
            "MEF",
            "--dal",
            "2026-01-01",
            "--al",
            "2199-12-31",
            "--protocollo",
            "INPS.0001",
            "--impronta",
            &impronta,
            "--motivo",
            "PEC",
            "--operatore",
            "anna",
        ];
        self.grant(&[&common, rest].concat())
    }

    fn step(&self, step: &str, id: &str, operatore: &str) -> (bool, String, String) {
        self.grant(&[step, id, "--operatore", operatore, "--motivo", "prova"])
    }
}

const EVERYTHING: [&str; 2] = ["--tutte-le-normative", "--tutte-le-prestazioni"];
const RGS: [&str; 4] = ["--soggetto", "rgs", "--profilo", "mef-rgs"];

#[tokio::test(flavor = "multi_thread")]
async fn a_grant_lives() {
    let machine = GrantMachine::set_up().await;
    let (ok, out, err) = machine.record(
        &[
            &RGS[..],
            &[
                "--normative",
                "A,DL109-2018-ART44",
                "--tutte-le-prestazioni",
            ],
            &["--reti", "192.0.2.0/24,2001:db8::/32"],
            &[
                "--orari",
                "lun-ven 08:00-18:30",
                "--orari",
                "sab 08:00-13:00",
            ],
            &["--al-secondo", "50"],
        ]
        .concat(),
    );
    assert!(ok, "{err}");
    assert_eq!(out, "grant 1 recorded\n");
    for (step, by, said) in [
        (
            "approve",
            "bruno",
            Err("a grant that is RICHIESTA does not admit this step: APPROVAZIONE"),
        ),
        ("verify", "anna", Ok("grant 1 is VERIFICATA")),
        (
            "approve",
            "anna",
            Err("whoever recorded a request cannot approve it"),
        ),
        ("approve", "bruno", Ok("grant 1 is ATTIVA")),
        ("suspend", "carla", Ok("grant 1 is SOSPESA")),
        ("resume", "carla", Ok("grant 1 is ATTIVA")),
    ] {
        let (ok, out, err) = machine.step(step, "1", by);
        match said {
            Ok(said) => assert_eq!((ok, out), (true, format!("{said}\n")), "{err}"),
            Err(said) => assert_eq!((ok, err), (false, format!("omnia: {said}\n")), "{out}"),
        }
    }

    let (ok, out, err) = machine.grant(&["list"]);
    assert!(ok, "{err}");
    let rows: Vec<Vec<&str>> = out
        .lines()
        .map(|l| l.split_whitespace().collect())
        .collect();
    assert_eq!(
        rows[1],
        [
            "1",
            "rgs",
            "MEF",
            "mef-rgs",
            "A,DL109-2018-ART44",
            "tutte",
            "2026-01-01",
            "2199-12-31",
            "ATTIVA",
            "carla"
        ]
    );

    for (arguments, lines) in [
        (&["list", "--stato", "ATTIVA", "--ente", "MEF"][..], 1),
        (&["list", "--soggetto", "rgs", "--profilo", "mef-rgs"], 1),
        (&["list", "--stato", "SOSPESA"], 0),
        (&["list", "--soggetto", "rg"], 0),
        (&["expiring"], 0),
    ] {
        let (ok, out, err) = machine.grant(arguments);
        assert_eq!(
            (ok, out.lines().count()),
            (true, 1 + lines),
            "{arguments:?} {err}"
        );
    }
    let (ok, _, err) = machine.grant(&["list", "--stato", "attiva"]);
    assert!(!ok && err.contains("must be RICHIESTA"), "{err}");
    // Whose last day is today: it expires within any number of days.
    let today = omnia::clock::Clock::system().today().to_string();
    let last = [
        "--dal",
        "2026-01-01",
        "--al",
        &today,
        "--soggetto",
        "ultimo",
    ];
    let (ok, _, err) = machine.grant(
        &[
            &["record", "--ente", "INPS", "--profilo", "mef-sintesi"],
            &EVERYTHING[..],
            &last,
            &["--protocollo", "1", "--modulo", "Cargo.toml"],
            &["--motivo", "x", "--operatore", "anna"],
        ]
        .concat(),
    );
    assert!(ok, "{err}");
    for step in ["verify", "approve"] {
        assert!(machine.step(step, "2", "bruno").0);
    }
    let (_, out, _) = machine.grant(&["expiring", "--giorni", "1"]);
    assert!(out.lines().count() == 2 && out.contains("ultimo"), "{out}");

    let (ok, out, err) = machine.step("revoke", "1", "carla");
    assert_eq!((ok, out.as_str()), (true, "grant 1 is REVOCATA\n"), "{err}");
    let (ok, out, err) = machine.grant(&["show", "1"]);
    assert!(ok, "{err}");
    for line in [
        "stato            REVOCATA",
        "reti             192.0.2.0/24, 2001:db8::/32",
        "orari            lun-ven 08:00-18:30, sab 08:00-13:00",
        "quote            al_secondo 50, esportazioni -, al_giorno -",
        "protocollo_pec   INPS.0001",
    ] {
        assert!(out.lines().any(|l| l.trim() == line), "{line}\n{out}");
    }
    let steps: Vec<&str> = out
        .lines()
        .skip_while(|l| !l.trim_start().starts_with("passo"))
        .skip(1)
        .map(|line| line.split_whitespace().nth(1).unwrap())
        .collect();
    assert_eq!(
        steps,
        [
            "RICHIESTA",
            "VERIFICA",
            "APPROVAZIONE",
            "SOSPENSIONE",
            "RIATTIVAZIONE",
            "REVOCA"
        ]
    );
    let (ok, _, err) = machine.step("revoke", "1", "carla");
    assert!(!ok && err.contains("a grant that is REVOCATA"), "{err}");
    for unknown in [&["show", "7"][..], &["revoke", "7", "--motivo", "x"]] {
        let (ok, _, err) = machine.grant(unknown);
        assert!(
            !ok && err == "omnia: there is no grant with this number\n",
            "{err}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_is_wrong_is_told_so() {
    let machine = GrantMachine::set_up().await;
    let (ok, out, err) = machine.record(
        &[
            &["--soggetto", " x", "--profilo", "mef"][..],
            &["--normative", "B,C", "--prestazioni", "CIGS"],
        ]
        .concat(),
    );
    assert!(!ok && out.is_empty(), "{out}");
    assert_eq!(
        err,
        "omnia: the request has invalid fields
  soggetto must be 1 to 255 bytes without control, format or unseen characters and without blanks at its ends
  profilo must be a profile of the policy
  ambito.normative must be norms of the catalogue (are the data loaded?)
  ambito.prestazioni must be benefits of the catalogue (are the data loaded?)
  not in the catalogue: B,C,CIGS
"
    );
    for (rest, why) in [
        (
            &[&RGS[..], &EVERYTHING[1..]].concat(),
            "--tutte-le-normative",
        ),
        (
            &[&RGS[..], &["--normative", ""], &EVERYTHING[1..]].concat(),
            "code of a norm",
        ),
        (
            &[&RGS[..], &["--normative", "A"], &EVERYTHING].concat(),
            "cannot be used with",
        ),
        (
            &[&RGS[..], &EVERYTHING, &["--reti", "192.0.2.1/24"]].concat(),
            "--reti must be a network",
        ),
        (
            &[&RGS[..], &EVERYTHING, &["--orari", "ven 22:00-06:00"]].concat(),
            "--orari a span of hours must end after it begins",
        ),
        (
            &[&RGS[..], &EVERYTHING, &["--al-giorno", "0"]].concat(),
            "must be 1 to",
        ),
        (
            &[&RGS[..], &EVERYTHING, &["--modulo", "/nonexistent"]].concat(),
            "cannot be used with",
        ),
    ] {
        let (ok, _, err) = machine.record(rest);
        assert!(!ok && err.contains(why), "{err}");
    }
    // Every step says why.
    let (ok, _, err) = machine.grant(&["revoke", "1"]);
    assert!(!ok && err.contains("--motivo"), "{err}");
    let (ok, out, _) = machine.grant(&["list"]);
    assert!(ok && out.lines().count() == 1, "{out}");
}
