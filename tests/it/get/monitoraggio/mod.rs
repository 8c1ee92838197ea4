//! The calls of MonitoraggioService as commands: what is printed and what is written is what the service answers.

mod figures;
mod files;
mod refused;

use std::path::Path;

use crate::{
    model::{
        CF, CODIFICHE, MATRICOLE, ModelExtract, ModelRow, ModelStanziamento, NORMATIVE, NUMERI,
        PRESTAZIONI,
    },
    server::TestServer,
};

use super::{CommandOutput, SOGGETTO, get, run};

/// The norm and the benefit that the commands ask about.
const PAIR: [&str; 4] = ["--normativa", NORMATIVE[0], "--prestazione", PRESTAZIONI[0]];

/// Decrees of each month of 2022 and 2023 that is known by then, for that month; a half of each is paid after a month.
fn known_at(months: u32) -> ModelExtract {
    let mut rows = Vec::new();
    for (pair, authorised) in [((0, 0), 1_234_567), ((1, 1), 100_000_u64)] {
        for month in 0..months {
            let first = month * 30 + month / 2;
            rows.push(ModelRow {
                normativa: NORMATIVE[pair.0],
                prestazione: PRESTAZIONI[pair.1],
                codifica: CODIFICHE[0],
                numero: NUMERI[0],
                data: first + 9,
                dal: first,
                al: first + 27,
                cf: CF[0],
                matricola: MATRICOLE[0],
                ore: 12_345,
                autorizzati: authorised + u64::from(month),
                erogati: if month + 1 < months {
                    authorised / 2
                } else {
                    0
                },
            });
        }
    }
    let stanziamenti = [(2022, 20_000_000, ""), (2023, 14_000_000, "PREVISIONE")];
    ModelExtract {
        rows,
        stanziamenti: stanziamenti
            .map(|(anno, importo, tipo)| ModelStanziamento {
                normativa: NORMATIVE[0],
                prestazione: PRESTAZIONI[0],
                anno,
                importo,
                tipo,
            })
            .into(),
    }
}

/// Six rilevazioni, at the end of March to August 2023.
async fn scene() -> TestServer {
    let service = TestServer::start().await;
    for (months, day) in (15..).zip([
        "2023-03-31",
        "2023-04-30",
        "2023-05-31",
        "2023-06-30",
        "2023-07-31",
        "2023-08-31",
    ]) {
        service.load(&known_at(months), day).await;
    }
    service.clients_of("mlps-ammortizzatori").await;
    service
}

async fn ask_as(
    service: &TestServer,
    soggetto: &str,
    dir: &Path,
    arguments: &[&str],
) -> CommandOutput {
    let url = format!("http://{}", service.address);
    let token = service.token(soggetto);
    run(get(&url, &token, dir).args(arguments)).await
}

async fn ask(service: &TestServer, dir: &Path, arguments: &[&str]) -> CommandOutput {
    ask_as(service, SOGGETTO, dir, arguments).await
}

/// The cells of a printed table below its header.
fn cells(out: &str) -> Vec<Vec<String>> {
    let below = out.lines().skip_while(|line| !line.starts_with('╞'));
    let rows = below.skip(1).take_while(|line| line.starts_with('│'));
    rows.map(|row| {
        let row = row.trim_matches('│');
        row.split('┆').map(|cell| cell.trim().to_owned()).collect()
    })
    .collect()
}

/// The records of a CSV below its header.
fn records(file: &[u8]) -> Vec<Vec<String>> {
    let mut reader = csv::Reader::from_reader(file);
    let records = reader.records().map(Result::unwrap);
    records
        .map(|record| record.iter().map(str::to_owned).collect())
        .collect()
}

/// A cell of a file, as it is printed: a dash where there is none, an Italian number where it is one with decimals.
fn as_printed(cell: &str) -> String {
    let number = cell.strip_prefix('-').unwrap_or(cell);
    let Some((units, decimals)) = number.split_once('.') else {
        return if cell.is_empty() { "—" } else { cell }.to_owned();
    };
    let groups: Vec<&str> = units
        .as_bytes()
        .rchunks(3)
        .rev()
        .map(|group| str::from_utf8(group).unwrap())
        .collect();
    let sign = if cell.starts_with('-') { "-" } else { "" };
    format!("{sign}{},{decimals}", groups.join("."))
}
