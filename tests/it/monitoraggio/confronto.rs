//! Two rilevazioni compared: every pair of them, in both orders, withdrawn ones included, against a model that goes through the rows.

use std::collections::BTreeMap;

use omnia::contract::proto::{
    CifreStoria, ConfrontaRilevazioniRequest, ConfrontaRilevazioniResponse, ErrorReason,
    RigheConfronto, VoceConfronto,
};
use proptest::prelude::*;
use tonic::{Code, Status};

use crate::{
    errors::assert_error,
    model::{self, Cents, ModelExtract, ModelFilter, ModelRow, NORMATIVE, PRESTAZIONI, euro},
    server::{CallerClients, TestServer},
    withdrawn::take_away,
    worlds,
};

pub(super) async fn compare(
    client: &mut CallerClients,
    da: i32,
    a: i32,
) -> Result<ConfrontaRilevazioniResponse, Status> {
    let request = ConfrontaRilevazioniRequest {
        filtro: None,
        da,
        a,
    };
    let answer = client.monitoraggio.confronta_rilevazioni(request).await?;
    Ok(answer.into_inner())
}

/// The second changes the first, the third is the first again but for a norm that changed, the fourth changes the second.
pub(super) fn world() -> impl Strategy<Value = Vec<ModelExtract>> {
    worlds::extract(40)
        .prop_flat_map(|before| (Just(before.clone()), worlds::following(before, 15)))
        .prop_flat_map(|(first, second)| {
            let fourth = worlds::following(second.clone(), 15);
            (Just(first), Just(second), fourth)
        })
        .prop_map(|(first, second, fourth)| {
            let mut third = first.clone();
            let row = &mut third.rows[0];
            row.normativa = match row.normativa == NORMATIVE[0] {
                true => NORMATIVE[1],
                false => NORMATIVE[0],
            };
            let key = natural_key(&third.rows[0]);
            let mut seen = false;
            third.rows.retain(|row| {
                let twin = natural_key(row) == key;
                let keep = !(twin && seen);
                seen |= twin;
                keep
            });
            vec![first, second, third, fourth]
        })
}

#[test]
fn every_difference_is_found_and_every_figure_moves_by_it() {
    worlds::each(5, &world(), check);
}

async fn check(extracts: Vec<ModelExtract>) {
    let server = TestServer::start().await;
    let mut client = server.clients_of("mlps-ammortizzatori").await;
    for (n, extract) in (1..).zip(&extracts) {
        server.load(extract, &format!("2026-{n:02}-28")).await;
    }
    take_away(&server, 4).await;
    let numbers = (1..).zip(&extracts);
    for (da, before) in numbers.clone() {
        for (a, after) in numbers.clone() {
            let answer = compare(&mut client, da, a).await.unwrap();
            assert_eq!(answer.da.as_ref().unwrap().numero, da);
            assert_eq!(answer.a.as_ref().unwrap().numero, a);
            check_pairs(&answer, before, after);
        }
    }
    // Without a number: the latest that is not withdrawn.
    let latest = compare(&mut client, 1, 0).await.unwrap();
    assert_eq!(latest, compare(&mut client, 1, 3).await.unwrap());
    server.stop().await;
}

pub(super) fn natural_key(row: &ModelRow) -> impl Ord + use<> {
    (
        [row.codifica, row.numero, row.cf, row.matricola],
        [row.normativa, row.prestazione],
        [row.data, row.dal],
    )
}

fn check_pairs(answer: &ConfrontaRilevazioniResponse, before: &ModelExtract, after: &ModelExtract) {
    let mut all = RigheConfronto::default();
    let mut told = answer.voci.iter();
    for normativa in NORMATIVE {
        // By code.
        for prestazione in PRESTAZIONI.into_iter().rev() {
            let filtro = ModelFilter {
                normative: [normativa].into(),
                prestazioni: [prestazione].into(),
                ..ModelFilter::default()
            };
            let [was, is] = [before, after].map(|extract| {
                let figures = model::report(extract, &filtro);
                let rows: BTreeMap<_, _> = extract
                    .rows
                    .iter()
                    .filter(|row| filtro.takes(row))
                    .map(|row| (natural_key(row), row))
                    .collect();
                (figures.into_values().next(), rows)
            });
            if was.0.is_none() && is.0.is_none() {
                continue;
            }
            let voce = told.next().unwrap();
            assert_eq!(
                (voce.normativa.as_str(), voce.prestazione.as_str()),
                (normativa, prestazione)
            );
            let values = |row: &ModelRow| (row.al, row.ore, row.autorizzati, row.erogati);
            let both = was
                .1
                .iter()
                .filter_map(|(key, row)| Some((row, is.1.get(key)?)));
            let expected = RigheConfronto {
                nuove: count(is.1.keys().filter(|key| !was.1.contains_key(key))),
                variate: count(both.filter(|(a, b)| values(a) != values(b))),
                cessate: count(was.1.keys().filter(|key| !is.1.contains_key(key))),
            };
            assert_eq!(voce.differenze, Some(expected));
            all.nuove += expected.nuove;
            all.variate += expected.variate;
            all.cessate += expected.cessate;
            for (side, (figures, rows)) in [(&voce.prima, &was), (&voce.dopo, &is)] {
                let side = side.as_ref().unwrap();
                let figures = figures.clone().unwrap_or_default();
                assert_eq!(side.totale_stanziamenti, figures.stanziati.map(euro));
                assert_eq!(side.importi_autorizzati, euro(figures.autorizzati));
                assert_eq!(side.importi_erogati, euro(figures.erogati));
                assert_eq!(side.residuo_pagato, figures.residuo_pagato.map(euro));
                assert_eq!(side.righe, count(rows.keys()));
            }
            check_movement(voce);
        }
    }
    assert_eq!(told.next(), None);
    let total = answer.totale.as_ref().unwrap();
    assert_eq!(total.differenze, Some(all));
    check_movement(total);
    let paid = |extract: &ModelExtract| -> Cents {
        extract
            .rows
            .iter()
            .map(|row| Cents::from(row.erogati))
            .sum()
    };
    let moved = total.movimento.as_ref().unwrap();
    assert_eq!(moved.importi_erogati, euro(paid(after) - paid(before)));
}

fn count(things: impl Iterator) -> i64 {
    i64::try_from(things.count()).unwrap()
}

/// Before and movement are after; what is absent on one side has none.
fn check_movement(voce: &VoceConfronto) {
    let [before, after, moved] =
        [&voce.prima, &voce.dopo, &voce.movimento].map(|c| c.clone().unwrap());
    let figures = |c: &CifreStoria| {
        [
            c.totale_stanziamenti.clone(),
            Some(c.importi_autorizzati.clone()),
            Some(c.importi_erogati.clone()),
            c.residuo_autorizzato.clone(),
            c.residuo_pagato.clone(),
            Some(c.ore_decretate.clone()),
        ]
    };
    let cents = |text: &str| text.replace('.', "").parse::<Cents>().unwrap();
    let columns = figures(&before)
        .into_iter()
        .zip(figures(&after))
        .zip(figures(&moved));
    for ((before, after), moved) in columns {
        match (before, after) {
            (Some(before), Some(after)) => {
                assert_eq!(cents(&before) + cents(&moved.unwrap()), cents(&after));
            }
            _ => assert_eq!(moved, None),
        }
    }
    assert_eq!(before.righe + moved.righe, after.righe);
    let rows = voce.differenze.unwrap();
    assert_eq!(moved.righe, rows.nuove - rows.cessate);
}

#[tokio::test]
async fn both_have_to_be_there() {
    let server = TestServer::start().await;
    server.load(&crate::calls::extract(), "2026-10-31").await;
    let mut client = server.clients_of("mef-rgs").await;
    let error = compare(&mut client, 0, -1).await.unwrap_err();
    let error = assert_error(&error, Code::InvalidArgument, ErrorReason::InvalidRequest);
    assert_eq!(error.violations, ["da", "a"]);
    for (da, a) in [(2, 1), (1, 2)] {
        let error = compare(&mut client, da, a).await.unwrap_err();
        assert_error(&error, Code::NotFound, ErrorReason::RilevazioneNotFound);
    }
    // Who may not list decrees learns of no rows.
    let mut sintesi = server.clients_of("mef-sintesi").await;
    let total = compare(&mut sintesi, 1, 1).await.unwrap().totale.unwrap();
    assert_eq!(total.differenze, Some(RigheConfronto::default()));
    let before = total.prima.unwrap();
    assert_eq!((before.righe, before.ore_decretate.as_str()), (0, ""));
    assert!(!before.importi_autorizzati.is_empty());
    server.stop().await;
}
