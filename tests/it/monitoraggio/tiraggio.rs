//! The triangle, against a model that looks through the extracts themselves.

use std::collections::BTreeMap;

use omnia::contract::proto::{ErrorReason, GetTiraggioRequest, GetTiraggioResponse};
use proptest::prelude::*;
use tonic::{Code, Status};

use crate::{
    errors::assert_error,
    model::{Cents, ModelExtract, NORMATIVE, PRESTAZIONI, date_text, euro},
    server::{CallerClients, TestServer},
    withdrawn::take_away,
    worlds,
};

/// The reference days of five rilevazioni: two of one month, and a month without any.
const DAYS: [&str; 5] = [
    "2022-01-31",
    "2022-02-10",
    "2022-02-28",
    "2022-04-30",
    "2022-05-31",
];

async fn triangle(
    client: &mut CallerClients,
    normativa: &str,
    prestazione: &str,
    rilevazione: i32,
) -> Result<GetTiraggioResponse, Status> {
    let request = GetTiraggioRequest {
        normativa: normativa.into(),
        prestazione: prestazione.into(),
        rilevazione,
    };
    let answer = client.monitoraggio.get_tiraggio(request).await?;
    Ok(answer.into_inner())
}

/// Extracts whose decrees are dated over half a year.
fn world() -> impl Strategy<Value = Vec<ModelExtract>> {
    let mut world = worlds::extract(40).prop_map(|first| vec![first]).boxed();
    for _ in 1..DAYS.len() {
        world = world
            .prop_flat_map(|before| {
                let last = before[before.len() - 1].clone();
                (Just(before), worlds::following(last, 8))
            })
            .prop_map(|(mut all, next)| {
                all.push(next);
                all
            })
            .boxed();
    }
    world.prop_map(|mut extracts| {
        for row in extracts.iter_mut().flat_map(|extract| &mut extract.rows) {
            row.data *= 6;
        }
        extracts
    })
}

#[test]
fn cohorts_and_factors_are_what_the_extracts_say() {
    worlds::each(4, &world(), check);
}

async fn check(extracts: Vec<ModelExtract>) {
    let server = TestServer::start().await;
    let mut client = server.clients_of("mef-sintesi").await;
    for (extract, day) in extracts.iter().zip(DAYS) {
        server.load(extract, day).await;
    }
    // The last of each month: the second rilevazione is not.
    let seen = |upto: usize| -> Vec<usize> {
        match upto {
            1 => vec![0, 1],
            n => (0..=n).filter(|at| *at != 1).collect(),
        }
    };
    for upto in 0..DAYS.len() {
        check_pairs(&mut client, &extracts, &seen(upto)).await;
    }
    // Withdrawn, the last is not seen from one that comes after it, and sees what it saw.
    take_away(&server, 5).await;
    server.load(&extracts[0], DAYS[4]).await;
    let mut extracts = extracts;
    extracts.push(extracts[0].clone());
    check_pairs(&mut client, &extracts, &seen(4)).await;
    check_pairs(&mut client, &extracts, &[0, 2, 3, 5]).await;
    server.stop().await;
}

fn month_number(text: &str) -> i32 {
    text[..4].parse::<i32>().unwrap() * 12 + text[5..7].parse::<i32>().unwrap()
}

/// Of every norm and benefit, seen from the last of these rilevazioni (from 0).
async fn check_pairs(client: &mut CallerClients, extracts: &[ModelExtract], seen: &[usize]) {
    let numero = i32::try_from(seen[seen.len() - 1] + 1).unwrap();
    for normativa in NORMATIVE {
        for prestazione in PRESTAZIONI {
            let answer = triangle(client, normativa, prestazione, numero)
                .await
                .unwrap();
            let mut cells: BTreeMap<(i32, i32), [Cents; 2]> = BTreeMap::new();
            for &at in seen {
                let reference = month_number(DAYS[at.min(4)]);
                for row in &extracts[at].rows {
                    let cohort = month_number(&date_text(row.data));
                    if (row.normativa, row.prestazione) == (normativa, prestazione)
                        && cohort <= reference
                    {
                        let cell = cells.entry((cohort, reference - cohort)).or_default();
                        cell[0] += Cents::from(row.autorizzati);
                        cell[1] += Cents::from(row.erogati);
                    }
                }
            }
            let told: BTreeMap<(i32, i32), [String; 3]> = answer
                .coorti
                .iter()
                .flat_map(|coorte| {
                    coorte.celle.iter().map(|cella| {
                        let cifre = cella.cifre.clone().unwrap();
                        let figures = [
                            cifre.importi_autorizzati,
                            cifre.importi_erogati,
                            cifre.tiraggio.unwrap_or_default(),
                        ];
                        ((month_number(&coorte.mese), cella.eta), figures)
                    })
                })
                .collect();
            let expected: BTreeMap<(i32, i32), [String; 3]> = cells
                .iter()
                .map(|(at, [a, p])| (*at, [euro(*a), euro(*p), six_decimals(*p, *a)]))
                .collect();
            assert_eq!(told, expected, "{normativa} {prestazione} {numero}");
            for fattore in &answer.fattori {
                let age = fattore.da_eta;
                let both: Vec<[Cents; 2]> = cells
                    .iter()
                    .filter(|((_, a), _)| *a == age)
                    .filter_map(|((cohort, a), cell)| {
                        Some([cell[1], cells.get(&(*cohort, a + 1))?[1]])
                    })
                    .collect();
                assert_eq!(fattore.coorti, i32::try_from(both.len()).unwrap());
                let sum = |of: usize| both.iter().map(|pair| pair[of]).sum();
                let value = fattore.cifre.clone().unwrap().fattore.unwrap_or_default();
                assert_eq!(value, six_decimals(sum(1), sum(0)));
            }
            let oldest = cells.keys().map(|(_, age)| *age).max().unwrap_or(0);
            assert_eq!(answer.fattori.len(), usize::try_from(oldest).unwrap());
        }
    }
}

/// By decimals that are long enough, and not by whole numbers as the service does it. Empty: nothing to divide by.
fn six_decimals(part: Cents, whole: Cents) -> String {
    use rust_decimal::{Decimal, RoundingStrategy::MidpointNearestEven};
    if whole == 0 {
        return String::new();
    }
    let ratio = Decimal::from_i128_with_scale(part, 0) / Decimal::from_i128_with_scale(whole, 0);
    format!(
        "{:.6}",
        ratio.round_dp_with_strategy(6, MidpointNearestEven)
    )
}

#[tokio::test]
async fn both_codes_are_required_and_in_scope() {
    let server = TestServer::start().await;
    server.load(&crate::calls::extract(), "2026-10-31").await;
    let mut client = server.clients_of("mef-rgs").await;
    let error = triangle(&mut client, "", "x", -1).await.unwrap_err();
    let error = assert_error(&error, Code::InvalidArgument, ErrorReason::InvalidRequest);
    assert_eq!(
        error.violations,
        ["normativa", "prestazione", "rilevazione"]
    );
    let unknown = triangle(&mut client, "NO-SUCH-NORM", "CIGS", 0)
        .await
        .unwrap_err();
    let error = assert_error(&unknown, Code::InvalidArgument, ErrorReason::InvalidRequest);
    assert_eq!(error.violations, ["normativa"]);
    let none = client
        .monitoraggio
        .get_tiraggio(GetTiraggioRequest::default())
        .await;
    assert_error(
        &none.unwrap_err(),
        Code::InvalidArgument,
        ErrorReason::InvalidRequest,
    );
    server.stop().await;
}

#[tokio::test]
async fn damaged_months_are_not_answered_from() {
    let server = TestServer::start().await;
    server.load(&crate::calls::extract(), "2026-10-31").await;
    let mut client = server.clients_of("mef-rgs").await;
    sqlx::query("update somma_mese set decretati_erogati = decretati_erogati + 1")
        .execute(&server.db.owner)
        .await
        .unwrap();
    let error = triangle(&mut client, NORMATIVE[0], PRESTAZIONI[0], 0).await;
    assert_error(
        &error.unwrap_err(),
        Code::DataLoss,
        ErrorReason::DerivedDataDamaged,
    );
    server.stop().await;
}
