//! The course: for every imputazione and step, what the model says of every point; and all points together are the report.

use std::collections::{BTreeMap, BTreeSet};

use omnia::contract::proto::{
    CifreAndamento, GetAndamentoRequest, GetReportSinteticoRequest, Imputazione, Passo,
    SerieAndamento,
};
use proptest::prelude::*;

use super::andamento;
use crate::{
    model::{Cents, ModelExtract, ModelRow, date_text, euro},
    reconciliation::tipo_text,
    server::{CallerClients, TestServer},
    worlds,
};

const IMPUTAZIONI: [Imputazione; 3] = [
    Imputazione::DataDecreto,
    Imputazione::InizioValidita,
    Imputazione::Competenza,
];

/// Rows and hours, authorised, paid in hundredths.
type Figures = (BTreeSet<usize>, [Cents; 3]);

/// A world with validities of a day, of a leap February and of ten years among the usual ones.
fn world() -> impl Strategy<Value = [ModelExtract; 2]> {
    worlds::extract(40)
        .prop_flat_map(|before| (Just(before.clone()), worlds::following(before, 15)))
        .prop_map(|(mut before, second)| {
            for (row, length) in before.rows.iter_mut().zip([0, 3652, 60, 365]) {
                row.al = row.dal + length;
            }
            [before, second]
        })
}

#[test]
fn every_point_is_what_the_rows_say() {
    worlds::each(6, &world(), check);
}

async fn check(extracts: [ModelExtract; 2]) {
    let server = TestServer::start().await;
    let mut client = server.clients_of("mlps-ammortizzatori").await;
    for (extract, date) in extracts.iter().zip(["2026-09-30", "2026-10-31"]) {
        server.load(extract, date).await;
    }
    for (n, extract) in (1..).zip(&extracts) {
        for imputazione in IMPUTAZIONI {
            for (passo, months) in [(Passo::Mese, 1), (Passo::Trimestre, 3), (Passo::Anno, 12)] {
                let request = GetAndamentoRequest {
                    rilevazione: n,
                    imputazione: imputazione.into(),
                    passo: passo.into(),
                    ..Default::default()
                };
                let answer = andamento(&mut client, request).await.unwrap();
                assert_eq!(answer.rilevazione.unwrap().numero, n);
                for serie in &answer.serie {
                    let pair = (serie.normativa.as_str(), serie.prestazione.as_str());
                    let of = |r: &ModelRow| (r.normativa, r.prestazione) == pair;
                    check_serie(extract, serie, &of, imputazione, months);
                }
                let total = answer.totale.unwrap();
                check_serie(extract, &total, &|_| true, imputazione, months);
                check_report(&mut client, n, &answer.serie, &total).await;
            }
        }
    }
    server.stop().await;
}

/// Month of a day: "2023-01".
fn month(day: u32) -> String {
    date_text(day)[..7].to_owned()
}

/// What the rows are in each month, day by day. By accrual the share of a day is what its end has and its beginning has not.
fn by_month(
    extract: &ModelExtract,
    of: &dyn Fn(&ModelRow) -> bool,
    imputazione: Imputazione,
) -> BTreeMap<String, Figures> {
    let mut months: BTreeMap<String, Figures> = BTreeMap::new();
    for (index, row) in extract.rows.iter().enumerate().filter(|(_, r)| of(r)) {
        let amounts = [row.ore, row.autorizzati, row.erogati].map(Cents::from);
        let mut add = |day: u32, amounts: [Cents; 3]| {
            let (rows, sums) = months.entry(month(day)).or_default();
            rows.insert(index);
            for (sum, amount) in sums.iter_mut().zip(amounts) {
                *sum += amount;
            }
        };
        match imputazione {
            Imputazione::DataDecreto => add(row.data, amounts),
            Imputazione::InizioValidita => add(row.dal, amounts),
            _ => {
                let days = Cents::from(row.al - row.dal + 1);
                for (k, day) in (1..).zip(row.dal..=row.al) {
                    add(day, amounts.map(|a| a * k / days - a * (k - 1) / days));
                }
            }
        }
    }
    months
}

fn merged<'a>(figures: impl Iterator<Item = &'a Figures>) -> Figures {
    let mut all = Figures::default();
    for (rows, sums) in figures {
        all.0.extend(rows);
        for (sum, more) in all.1.iter_mut().zip(sums) {
            *sum += more;
        }
    }
    all
}

fn told(figures: &Figures) -> CifreAndamento {
    let [ore, autorizzati, erogati] = figures.1.map(euro);
    CifreAndamento {
        righe: i64::try_from(figures.0.len()).unwrap(),
        ore_decretate: ore,
        importi_autorizzati: autorizzati,
        importi_erogati: erogati,
    }
}

fn check_serie(
    extract: &ModelExtract,
    serie: &SerieAndamento,
    of: &dyn Fn(&ModelRow) -> bool,
    imputazione: Imputazione,
    months: usize,
) {
    let expected = by_month(extract, of, imputazione);
    let between = |from: &str, to: &str| {
        let range = expected.range(from.to_owned()..=to.to_owned());
        told(&merged(range.map(|(_, figures)| figures)))
    };
    for (at, point) in serie.punti.iter().enumerate() {
        let year = &point.mese[..4];
        let first: usize = point.mese[5..].parse().unwrap();
        assert_eq!((first - 1) % months, 0, "{point:?}");
        let last = format!("{year}-{:02}", first + months - 1);
        let january = format!("{year}-01");
        assert_eq!(
            point.cifre.as_ref(),
            Some(&between(&point.mese, &last)),
            "{imputazione:?}"
        );
        assert_eq!(
            point.cumulate.as_ref(),
            Some(&between(&january, &last)),
            "{imputazione:?}"
        );
        // Without gaps.
        if let Some(next) = serie.punti.get(at + 1) {
            assert!(next.mese > last);
            let months_later =
                |m: &str| m[..4].parse::<usize>().unwrap() * 12 + m[5..].parse::<usize>().unwrap();
            assert_eq!(months_later(&next.mese), months_later(&last) + 1);
        }
        let caps: Vec<_> = extract
            .stanziamenti
            .iter()
            .filter(|s| s.anno.to_string() == *year)
            .filter(|s| {
                serie.normativa.is_empty()
                    || (s.normativa, s.prestazione) == (&serie.normativa, &serie.prestazione)
            })
            .collect();
        let told = point.stanziamento.as_ref();
        let amount = caps.iter().map(|s| Cents::from(s.importo)).sum();
        assert_eq!(
            told.map(|s| s.totale_stanziamenti.clone()),
            (!caps.is_empty()).then(|| euro(amount))
        );
        if let Some(told) = told {
            let forecasts = caps.iter().filter(|s| s.tipo == "PREVISIONE").count();
            let tipo = match forecasts {
                0 => "LIMITE",
                n if n == caps.len() => "PREVISIONE",
                _ => "LIMITE_E_PREVISIONE",
            };
            assert_eq!(tipo_text(told.tipo_stanziamento()), tipo);
        }
    }
    // Nothing lies outside the points.
    assert_eq!(
        serie.totale.as_ref(),
        Some(&told(&merged(expected.values())))
    );
    if let Some((first, last)) = expected.first_key_value().zip(expected.last_key_value()) {
        assert!(serie.punti.first().unwrap().mese <= *first.0);
        assert!(serie.punti.last().unwrap().mese[..4] >= last.0[..4]);
    }
}

/// The whole time, by every imputazione, is the report without periodo.
async fn check_report(
    client: &mut CallerClients,
    rilevazione: i32,
    series: &[SerieAndamento],
    total: &SerieAndamento,
) {
    let report = client
        .report
        .get_report_sintetico(GetReportSinteticoRequest {
            rilevazione,
            ..Default::default()
        })
        .await
        .unwrap()
        .into_inner();
    let of_report: Vec<_> = report
        .voci
        .into_iter()
        .map(|v| {
            (
                v.normativa,
                v.prestazione,
                v.importi_autorizzati,
                v.importi_erogati,
            )
        })
        .collect();
    let of_series: Vec<_> = series
        .iter()
        .map(|serie| {
            let (authorised, paid) = added(serie);
            (
                serie.normativa.clone(),
                serie.prestazione.clone(),
                authorised,
                paid,
            )
        })
        .collect();
    assert_eq!(of_series, of_report);
    let all = report.totale.unwrap();
    assert_eq!(added(total), (all.importi_autorizzati, all.importi_erogati));
}

/// The points added up, authorised and paid.
fn added(serie: &SerieAndamento) -> (String, String) {
    let cents = |text: &str| text.replace('.', "").parse::<Cents>().unwrap();
    let sum = |of: fn(&CifreAndamento) -> &str| {
        let points = serie.punti.iter().map(|p| p.cifre.as_ref().unwrap());
        euro(points.map(|cifre| cents(of(cifre))).sum())
    };
    (sum(|c| &c.importi_autorizzati), sum(|c| &c.importi_erogati))
}
