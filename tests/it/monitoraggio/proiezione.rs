//! Projections of a world whose end is known, and every past error made again by public calls alone.

use chrono::NaiveDate;
use omnia::contract::proto::{
    AnnoCapienza, ErrorReason, EsitoCapienza, GetProiezioneRequest, GetProiezioneResponse,
    MetodoProiezione, StatoStanziamento, StimaProiezione, VerificaCapienzaRequest, VerificaStima,
};
use tonic::{Code, Status};

use crate::{
    errors::assert_error,
    model::{
        CF, CODIFICHE, Cents, Day, MATRICOLE, ModelExtract, ModelRow, ModelStanziamento, NORMATIVE,
        NUMERI, PRESTAZIONI, euro,
    },
    server::{CallerClients, TestServer},
    withdrawn::take_away,
};

const CIGS: &str = PRESTAZIONI[0];
const CIGO: &str = PRESTAZIONI[1];

/// A norm and a benefit with decrees dated on the tenth of each month, for that month.
struct Flow {
    pair: (&'static str, &'static str),
    /// Authorised in a month of 2022 (from 1 to 12) or 2023 (from 13), in cents.
    authorised: fn(u32) -> u64,
    /// What part of it is paid at an age in months, in hundredths.
    paid: fn(u32) -> u64,
}

fn none_paid(_: u32) -> u64 {
    0
}

const FLOWS: [Flow; 6] = [
    Flow {
        pair: (NORMATIVE[0], CIGS),
        authorised: |_| 10_000,
        // More is paid in the end than was authorised.
        paid: |age| [50, 100, 120][age.min(2) as usize],
    },
    Flow {
        pair: (NORMATIVE[0], CIGO),
        authorised: |_| 10_000,
        paid: none_paid,
    },
    // November and December are high.
    Flow {
        pair: (NORMATIVE[1], CIGS),
        authorised: |month| if (month - 1) % 12 >= 10 { 40_000 } else { 5000 },
        paid: none_paid,
    },
    // It stops in June 2023.
    Flow {
        pair: (NORMATIVE[1], CIGO),
        authorised: |month| if month <= 18 { 10_000 } else { 0 },
        paid: none_paid,
    },
    // It begins in August 2023.
    Flow {
        pair: (NORMATIVE[2], CIGS),
        authorised: |month| if month < 20 { 0 } else { 10_000 },
        paid: none_paid,
    },
    Flow {
        pair: (NORMATIVE[2], CIGO),
        authorised: |_| 10_000,
        paid: none_paid,
    },
];

fn first_day(month: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(2022, 1, 1).unwrap() + chrono::Months::new(month - 1)
}

fn day(date: NaiveDate) -> Day {
    u32::try_from((date - first_day(1)).num_days()).unwrap()
}

/// What is known at the end of a month, from 1.
fn known_at(month: u32) -> ModelExtract {
    let mut rows = Vec::new();
    for flow in &FLOWS {
        for dated in (1..=month).filter(|dated| (flow.authorised)(*dated) > 0) {
            let authorised = (flow.authorised)(dated);
            rows.push(ModelRow {
                normativa: flow.pair.0,
                prestazione: flow.pair.1,
                codifica: CODIFICHE[0],
                numero: NUMERI[0],
                data: day(first_day(dated)) + 9,
                dal: day(first_day(dated)),
                al: day(first_day(dated + 1)) - 1,
                cf: CF[0],
                matricola: MATRICOLE[0],
                ore: 100,
                autorizzati: authorised,
                erogati: authorised * (flow.paid)(month - dated) / 100,
            });
        }
    }
    // The law halves a cap in August.
    let halved = if month < 20 { 200_000 } else { 100_000 };
    let caps = [
        (FLOWS[0].pair, 2023, halved),
        (FLOWS[1].pair, 2021, 0),
        (FLOWS[1].pair, 2022, 110_000),
        (FLOWS[1].pair, 2023, 120_001),
        (FLOWS[1].pair, 2024, 0),
        (FLOWS[2].pair, 2023, 120_000),
        (FLOWS[3].pair, 2023, 80_000),
        (FLOWS[4].pair, 2023, 50_000),
    ];
    let stanziamenti = caps.map(
        |((normativa, prestazione), anno, importo)| ModelStanziamento {
            normativa,
            prestazione,
            anno,
            importo,
            tipo: "",
        },
    );
    ModelExtract {
        rows,
        stanziamenti: stanziamenti.into(),
    }
}

async fn ask(
    client: &mut CallerClients,
    flow: &Flow,
    anno: i32,
    rilevazione: i32,
    fino_al: &str,
) -> Result<GetProiezioneResponse, Status> {
    let request = GetProiezioneRequest {
        normativa: flow.pair.0.into(),
        prestazione: flow.pair.1.into(),
        anno,
        rilevazione,
        fino_al: fino_al.into(),
    };
    let answer = client.monitoraggio.get_proiezione(request).await?;
    Ok(answer.into_inner())
}

/// State and month of what is authorised.
fn told(answer: &GetProiezioneResponse) -> (StatoStanziamento, &str) {
    let state = answer.autorizzato.as_ref().unwrap();
    (state.stato(), &state.mese_raggiungimento)
}

/// From March to August 2023: rilevazioni 1 to 6.
async fn scene() -> (TestServer, CallerClients) {
    let server = TestServer::start().await;
    for month in 15..=20 {
        let last = first_day(month + 1).pred_opt().unwrap().to_string();
        server.load(&known_at(month), &last).await;
    }
    let client = server.clients_of("mef-sintesi").await;
    (server, client)
}

#[tokio::test]
async fn states_and_months_are_those_of_the_world() {
    use StatoStanziamento::{
        DatiInsufficienti, Entro, Raggiunto, RaggiuntoInProspettiva, SenzaStanziamento,
    };
    let (server, mut client) = scene().await;
    for (flow, anno, rilevazione, state, month) in [
        (0, 2023, 6, RaggiuntoInProspettiva, "2023-10"),
        (0, 2023, 5, Entro, ""),
        (1, 2023, 6, Entro, ""),
        (1, 2022, 6, Raggiunto, "2022-11"),
        (1, 2024, 6, RaggiuntoInProspettiva, "2024-01"),
        (1, 2021, 6, Entro, ""),
        (2, 2023, 6, RaggiuntoInProspettiva, "2023-12"),
        (3, 2023, 6, Entro, ""),
        (4, 2023, 6, DatiInsufficienti, ""),
        (5, 2023, 6, SenzaStanziamento, ""),
        // One rilevazione only has no back-test, and an estimate all the same.
        (1, 2023, 1, Entro, ""),
    ] {
        let answer = ask(&mut client, &FLOWS[flow], anno, rilevazione, "")
            .await
            .unwrap();
        assert_eq!(
            told(&answer),
            (state, month),
            "{flow} {anno} {rilevazione}: {answer:#?}"
        );
    }
    let stop = ask(&mut client, &FLOWS[3], 2023, 6, "").await.unwrap();
    assert_eq!(stop.metodo(), MetodoProiezione::Media3Mesi);
    let season = ask(&mut client, &FLOWS[2], 2023, 6, "").await.unwrap();
    assert_eq!(season.metodo(), MetodoProiezione::Stagionale);
    let cifre = best(&season).cifre.clone().unwrap();
    assert_eq!(cifre.competenza_prevista, "1300.00");
    assert_eq!(cifre.errore_medio.unwrap(), "0.00");
    assert_eq!(cifre.competenza_minima.unwrap(), "1300.00");

    // What is known is given where nothing can be said.
    let begun = ask(&mut client, &FLOWS[4], 2023, 6, "").await.unwrap();
    assert!(begun.stime.is_empty() && begun.metodo() == MetodoProiezione::Unspecified);
    assert_eq!(begun.dati_mancanti.len(), 2);
    let december = begun.mesi[11].cumulate.as_ref().unwrap();
    assert_eq!(december.importi_autorizzati, "100.00");

    // Paid: twice as much after a month, and a fifth more after two: 120.00 of each 100.00 in the end.
    let paid = ask(&mut client, &FLOWS[0], 2023, 6, "").await.unwrap();
    let state = paid.erogato.clone().unwrap();
    assert_eq!(
        (state.stato(), state.mese_raggiungimento.as_str()),
        (RaggiuntoInProspettiva, "2023-09")
    );
    let cifre = best(&paid).cifre.clone().unwrap();
    assert_eq!(cifre.erogazione_prevista.unwrap(), "1440.00");
    assert!(paid.dati_mancanti.is_empty());
    server.stop().await;
}

fn best(answer: &GetProiezioneResponse) -> &StimaProiezione {
    let chosen = answer.metodo();
    answer
        .stime
        .iter()
        .find(|stima| stima.metodo() == chosen)
        .unwrap()
}

fn cents(text: &str) -> Cents {
    text.replace('.', "").parse().unwrap()
}

#[tokio::test]
async fn every_past_error_can_be_made_again_by_public_calls() {
    let (server, mut client) = scene().await;
    let mut tests = 0;
    for flow in &FLOWS {
        let now = ask(&mut client, flow, 2023, 6, "").await.unwrap();
        for stima in &now.stime {
            let errors: Vec<Cents> = stima
                .verifiche
                .iter()
                .map(|v| cents(&v.cifre.as_ref().unwrap().errore).abs())
                .collect();
            if let Some(mean) = &stima.cifre.as_ref().unwrap().errore_medio {
                let mean = cents(mean) * i128::try_from(errors.len()).unwrap();
                let sum: Cents = errors.iter().sum();
                assert!((mean - sum).abs() <= i128::try_from(errors.len()).unwrap());
            }
            for verifica in &stima.verifiche {
                again(&mut client, flow, stima, verifica, "2023-08-31").await;
                tests += 1;
            }
        }
    }
    // Of five flows, three methods, five rilevazioni; the season needs a year before, which all have.
    assert_eq!(tests, 5 * 3 * 5);

    // A year later 2023 is closed.
    server.load(&known_at(27), "2024-03-31").await;
    for flow in [&FLOWS[0], &FLOWS[2]] {
        let now = ask(&mut client, flow, 2024, 7, "").await.unwrap();
        for stima in &now.stime {
            assert_eq!(stima.anni_chiusi.len(), 6);
            for verifica in &stima.anni_chiusi {
                assert_eq!(verifica.anno, 2023);
                again(&mut client, flow, stima, verifica, "").await;
            }
        }
    }
    server.stop().await;
}

/// Asks at the earlier rilevazione what its method expects until the later day, and at the later one what is known.
async fn again(
    client: &mut CallerClients,
    flow: &Flow,
    stima: &StimaProiezione,
    verifica: &VerificaStima,
    fino_al: &str,
) {
    let then = ask(client, flow, verifica.anno, verifica.rilevazione, fino_al)
        .await
        .unwrap();
    let said = then
        .stime
        .iter()
        .find(|s| s.metodo == stima.metodo)
        .unwrap();
    let now = ask(client, flow, verifica.anno, 0, "").await.unwrap();
    let known = |answer: &GetProiezioneResponse| {
        let december = answer.mesi[11].cumulate.clone().unwrap();
        december.importi_autorizzati
    };
    let cifre = verifica.cifre.as_ref().unwrap();
    assert_eq!(cifre.competenza_nota, known(&then));
    assert_eq!(
        cifre.competenza_attesa,
        said.cifre.as_ref().unwrap().competenza_attesa
    );
    assert_eq!(cifre.competenza_effettiva, known(&now));
    let error = cents(&cifre.competenza_nota) + cents(&cifre.competenza_attesa)
        - cents(&cifre.competenza_effettiva);
    assert_eq!(cifre.errore, euro(error));
}

/// An agreement of some days of a flow: its answer, and that of each year.
async fn fits(
    client: &mut CallerClients,
    flow: &Flow,
    importo: &str,
    [dal, al]: [&str; 2],
) -> Result<(EsitoCapienza, Vec<AnnoCapienza>), Status> {
    let request = VerificaCapienzaRequest {
        normativa: flow.pair.0.into(),
        prestazione: flow.pair.1.into(),
        importo: importo.into(),
        validita_dal: dal.into(),
        validita_al: al.into(),
        rilevazione: 0,
    };
    let answer = client
        .monitoraggio
        .verifica_capienza(request)
        .await?
        .into_inner();
    Ok((answer.esito.unwrap().esito(), answer.anni))
}

#[tokio::test]
async fn an_agreement_fits_or_does_not() {
    use EsitoCapienza::{
        Capiente, CapienteOggi, CapienteOggiNonInProspettiva, NonCapiente, SenzaStanziamento,
    };
    let (server, mut client) = scene().await;
    let autumn = ["2023-09-01", "2023-12-31"];
    for (flow, importo, days, esito) in [
        // Known 800.00 of 1200.01, and 400.00 more are expected: a cent fits, and two do not.
        (1, "0.01", autumn, Capiente),
        (1, "0.02", autumn, CapienteOggiNonInProspettiva),
        (1, "400.01", autumn, CapienteOggiNonInProspettiva),
        (1, "400.02", autumn, NonCapiente),
        // The worst year decides: 2024 has a cap of zero.
        (1, "0.02", ["2023-12-31", "2024-01-01"], NonCapiente),
        (
            1,
            "0.00",
            ["2023-12-31", "2024-01-01"],
            CapienteOggiNonInProspettiva,
        ),
        (5, "1.00", autumn, SenzaStanziamento),
        (4, "400.00", autumn, CapienteOggi),
        (4, "400.01", autumn, NonCapiente),
    ] {
        let (told, _) = fits(&mut client, &FLOWS[flow], importo, days)
            .await
            .unwrap();
        assert_eq!(told, esito, "{flow} {importo} {days:?}");
    }
    // By year: the share up to 31 December is the floor of 100.00 × 31 ÷ 92.
    let days = ["2023-12-01", "2024-03-01"];
    let (_, anni) = fits(&mut client, &FLOWS[0], "100.00", days).await.unwrap();
    let told: Vec<_> = anni
        .iter()
        .map(|anno| {
            let cifre = anno.cifre.clone().unwrap();
            let left = (cifre.residuo_oggi, cifre.residuo_in_prospettiva);
            (
                anno.anno,
                anno.esito.unwrap().esito(),
                cifre.competenza_accordo,
                left,
            )
        })
        .collect();
    let text = |text: &str| Some(text.to_owned());
    assert_eq!(
        told,
        [
            (
                2023,
                CapienteOggiNonInProspettiva,
                "33.69".into(),
                (text("166.31"), text("-233.69"))
            ),
            (2024, SenzaStanziamento, "66.31".into(), (None, None)),
        ]
    );
    for (importo, days, fields) in [
        (
            "1",
            ["x", ""],
            &["importo", "validita_dal", "validita_al"][..],
        ),
        ("1.00", ["2023-02-01", "2023-01-31"], &["validita_al"]),
        ("1.00", ["2023-02-01", "2033-02-02"], &["validita_al"]),
        ("1.00", ["1969-12-31", "2023-01-31"], &["validita_dal"]),
    ] {
        let error = fits(&mut client, &FLOWS[0], importo, days)
            .await
            .unwrap_err();
        let error = assert_error(&error, Code::InvalidArgument, ErrorReason::InvalidRequest);
        assert_eq!(error.violations, fields);
    }
    server.stop().await;
}

#[tokio::test]
async fn an_answer_is_the_same_for_ever() {
    let (server, mut client) = scene().await;
    let before = ask(&mut client, &FLOWS[0], 2023, 6, "").await.unwrap();
    server.load(&known_at(21), "2023-09-30").await;
    take_away(&server, 7).await;
    take_away(&server, 6).await;
    // An instance that has nothing in memory.
    let other = server.another_instance().await;
    let token = server.token("cliente-mef-sintesi");
    let mut other = server.clients_over(crate::server::channel_to(other), Some(&token));
    for client in [&mut client, &mut other] {
        let mut after = ask(client, &FLOWS[0], 2023, 6, "").await.unwrap();
        assert!(after.rilevazione.as_ref().unwrap().ritirata_il.is_some());
        after.rilevazione = before.rilevazione.clone();
        assert_eq!(after, before);
    }
    server.stop().await;
}

#[tokio::test]
async fn what_is_wrong_is_named_and_damage_is_not_answered_from() {
    let server = TestServer::start().await;
    server.load(&known_at(15), "2023-03-31").await;
    let mut client = server.clients_of("mef-sintesi").await;
    let request = GetProiezioneRequest {
        anno: 1969,
        fino_al: "2023-02-30".into(),
        ..Default::default()
    };
    let error = client
        .monitoraggio
        .get_proiezione(request)
        .await
        .unwrap_err();
    let error = assert_error(&error, Code::InvalidArgument, ErrorReason::InvalidRequest);
    assert_eq!(
        error.violations,
        ["normativa", "prestazione", "anno", "fino_al"]
    );
    sqlx::query("update competenza_mese set erogati = erogati + 0.01")
        .execute(&server.db.owner)
        .await
        .unwrap();
    let error = ask(&mut client, &FLOWS[0], 2023, 0, "").await.unwrap_err();
    assert_error(&error, Code::DataLoss, ErrorReason::DerivedDataDamaged);
    server.stop().await;
}
