//! Worlds that differ only in who the natural persons are. A caller who sees them masked cannot tell one world from another, whatever
//! they ask: then nothing that they are answered depends on a masked value.

use omnia::contract::proto::{
    CountDecreesRequest, ExportDecreesRequest, GetMyAccessRequest, GetReportSinteticoRequest,
    ListDecreesRequest, ListRilevazioniRequest,
};
use tonic::Status;

use super::{MASKED_PROFILES, persons};
use crate::{
    calls::{self, filtro_decreti, filtro_report},
    errors::contract_error,
    model::{CF, ModelExtract, NORMATIVE, PROVISIONAL, is_person},
    server::{CallerClients, TestServer},
};

/// Filters of the detail: those that these profiles have, and those that they are refused.
const FILTERS: [&str; 6] = [
    "",
    "codifica_sistema_unico",
    "numero_decreto",
    "periodo",
    "cf_azienda",
    "matricola_azienda",
];

/// All that a caller sees, errors too.
#[derive(Default)]
struct SeenAnswers(Vec<String>);

impl SeenAnswers {
    fn note<T: std::fmt::Debug>(&mut self, what: &str, answer: &Result<T, Status>) {
        let text = match answer {
            Ok(answer) => format!("{answer:?}"),
            // Read, since the order of a map on the wire is chance.
            Err(status) => format!("{:?}", contract_error(status)),
        };
        self.0.push(format!("{what}: {text}"));
    }
}

async fn look(client: &mut CallerClients, numero: i32, seen: &mut SeenAnswers) {
    for normativa in &NORMATIVE[..1] {
        for filtro in FILTERS {
            let what = format!("{normativa} {filtro}");
            let filtro = Some(filtro_decreti(filtro));
            let count = CountDecreesRequest {
                normativa: (*normativa).into(),
                filtro: filtro.clone(),
                rilevazione: numero,
            };
            let count = client.decreti.count_decrees(count).await;
            seen.note(&what, &count.map(|a| a.into_inner()));

            // A row a page: a token after each row.
            let mut page_token = String::new();
            loop {
                let list = ListDecreesRequest {
                    normativa: (*normativa).into(),
                    filtro: filtro.clone(),
                    rilevazione: numero,
                    page_size: 1,
                    page_token,
                };
                let page = client.decreti.list_decrees(list).await;
                let page = page.map(|a| a.into_inner());
                seen.note(&what, &page);
                page_token = page.map(|p| p.next_page_token).unwrap_or_default();
                if page_token.is_empty() {
                    break;
                }
            }

            let export = ExportDecreesRequest {
                normativa: (*normativa).into(),
                filtro,
                rilevazione: numero,
                ..Default::default()
            };
            match client.decreti.export_decrees(export).await {
                Err(status) => seen.note::<()>(&what, &Err(status)),
                Ok(stream) => {
                    let mut stream = stream.into_inner();
                    while let Some(message) = stream.message().await.transpose() {
                        seen.note(&what, &message);
                    }
                }
            }
        }
    }
    for filtro in ["", "normativa", "prestazione", "periodo"] {
        let request = GetReportSinteticoRequest {
            filtro: Some(filtro_report(filtro)),
            rilevazione: numero,
        };
        let report = client.report.get_report_sintetico(request).await;
        seen.note(filtro, &report.map(|a| a.into_inner()));
    }
    let mine = client.access.get_my_access(GetMyAccessRequest {}).await;
    seen.note("GetMyAccess", &mine.map(|a| a.into_inner()));
    let request = ListRilevazioniRequest::default();
    let list = client.report.list_rilevazioni(request).await;
    seen.note("ListRilevazioni", &list.map(|a| a.into_inner()));
}

/// What is seen of two rilevazioni of a world in which the persons are others.
async fn sight(chi: impl Fn(usize, &'static str) -> &'static str) -> Vec<String> {
    let service = TestServer::start_with(|s| s.export.batch_rows = 1).await;
    let world = |later: u64| -> ModelExtract {
        let mut extract = calls::extract();
        let persons = extract.rows.iter_mut().filter(|r| is_person(r.cf));
        for (i, riga) in persons.enumerate() {
            riga.cf = chi(i, riga.cf);
            riga.erogati += later * (i as u64 % 2);
        }
        extract
    };
    service.load(&world(0), "2026-10-31").await;
    service.load(&world(1), "2026-11-01").await;
    let mut seen = SeenAnswers::default();
    for profilo in MASKED_PROFILES {
        let mut client = service.clients_of(profilo).await;
        for numero in [1, 2] {
            look(&mut client, numero, &mut seen).await;
        }
    }
    service.stop().await;
    seen.0
}

#[tokio::test]
async fn who_the_persons_are_changes_nothing_for_whoever_sees_them_masked() {
    let [_, one, other] = CF;
    let this = sight(|_, cf| cf).await;
    assert!(this.len() > 150, "{}", this.len());
    assert!(
        this.iter()
            .all(|text| !text.contains(one) && !text.contains(other))
    );
    type WhoIs = fn(usize, &'static str) -> &'static str;
    let worlds: [(&str, WhoIs); 4] = [
        ("exchanged", |_, cf| if cf == CF[1] { CF[2] } else { CF[1] }),
        ("all the same", |_, _| CF[1]),
        ("all different", |i, _| persons()[persons().len() - 1 - i]),
        ("provisional codes", |i, _| PROVISIONAL[i % 2]),
    ];
    for (what, chi) in worlds {
        let that = sight(chi).await;
        assert_eq!(this.len(), that.len(), "{what}");
        for (this, that) in this.iter().zip(&that) {
            assert_eq!(this, that, "{what}");
        }
    }
}
