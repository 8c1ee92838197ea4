//! The CSV that PDND asks an erogatore for: calls of a day, by purpose, voucher and status.
//!
//! ```csv
//! date,purpose_id,token_id,status,requests_count
//! 2026-11-25,0e9c2b1a-7f43-4f0e-9d43-5d3c1f7f4b8e,2f7d…,200,41
//! ```
//!
//! PDND counts in HTTP statuses: of a call by REST the one of its reason, of a call by gRPC what google.rpc maps its code to. Calls without a purpose do not come
//! from PDND and are left out. Calls that were refused and counted are in it, but for those of callers that were counted together
//! ([`Refusals`](super::Refusals)): whose they were was not noted.

use std::{collections::BTreeMap, io::Write};

use chrono::NaiveDate;
use futures_util::TryStreamExt as _;
use sqlx::{PgPool, Row as _};

use super::export::LogDays;
use crate::{
    contract::{http_status::http_status, proto::ErrorReason},
    error::Sentence,
    output::spreadsheet,
};

/// Writes the counts of these days (UTC). How many lines, without the header.
///
/// # Errors
/// The database's, or the file's.
pub async fn csv(
    pool: &PgPool,
    giorni: LogDays,
    out: &mut (dyn Write + Send),
) -> Result<u64, Sentence> {
    // A stream is counted where it began: with its refusal, or as the success that it was then.
    let mut rows = sqlx::query(
        "select (lotto at time zone 'UTC')::date as giorno,
                record::json ->> 'finalita' as finalita,
                coalesce(record::json ->> 'jti', '') as jti,
                coalesce(record::json ->> 'esito', 'OK') as esito,
                case when record::json ->> 'via' = 'REST' then record::json ->> 'motivo' end as motivo,
                sum(coalesce((record::json ->> 'quante')::bigint, 1))::bigint as chiamate
         from audit_record
         where lotto >= coalesce($1::date, '-infinity') and lotto < coalesce($2::date + 1, 'infinity')
           and record::json ->> 'tipo' in ('CHIAMATA', 'INIZIO', 'RIFIUTI')
           and record::json ->> 'finalita' is not null
         group by 1, 2, 3, 4, 5
         order by 1, 2, 3, 4, 5",
    )
    .bind(giorni.dal)
    .bind(giorni.al)
    .fetch(pool);
    let mut csv = csv::Writer::from_writer(out);
    csv.write_record(["date", "purpose_id", "token_id", "status", "requests_count"])?;
    let mut lines = 0;
    let mut group = VoucherDay::default();
    while let Some(row) = rows.try_next().await? {
        let (finalita, jti): (&str, &str) = (row.try_get("finalita")?, row.try_get("jti")?);
        let voucher = (row.try_get("giorno")?, finalita.to_owned(), jti.to_owned());
        if voucher != group.voucher {
            lines += group.write(&mut csv)?;
            group = VoucherDay {
                voucher,
                by_status: BTreeMap::new(),
            };
        }
        let status = status(row.try_get("esito")?, row.try_get("motivo")?);
        let calls: i64 = row.try_get("chiamate")?;
        *group.by_status.entry(status).or_default() += calls;
    }
    lines += group.write(&mut csv)?;
    csv.flush()?;
    Ok(lines)
}

/// The calls of a voucher in a day.
#[derive(Debug, Default)]
struct VoucherDay {
    /// The day, the purpose, the voucher's own id.
    voucher: (NaiveDate, String, String),
    by_status: BTreeMap<u16, i64>,
}

impl VoucherDay {
    fn write(&self, csv: &mut csv::Writer<impl Write>) -> Result<u64, csv::Error> {
        let (giorno, finalita, jti) = &self.voucher;
        let giorno = giorno.to_string();
        // Both are texts of a token. No id of PDND begins as a formula does.
        let (finalita, jti) = (spreadsheet::cell(finalita), spreadsheet::cell(jti));
        for (status, calls) in &self.by_status {
            let (status, calls) = (status.to_string(), calls.to_string());
            csv.write_record([&*giorno, &*finalita, &*jti, &status, &calls])?;
        }
        Ok(self.by_status.len() as u64)
    }
}

/// The status of a code of gRPC, or of the reason of a call by REST.
fn status(codice: &str, motivo: Option<&str>) -> u16 {
    let reason = motivo.and_then(ErrorReason::from_str_name);
    reason.map_or_else(|| of_code(codice), |reason| http_status(reason).as_u16())
}

/// As google/rpc/code.proto maps them.
fn of_code(codice: &str) -> u16 {
    match codice {
        "OK" => 200,
        "CANCELLED" => 499,
        "INVALID_ARGUMENT" | "FAILED_PRECONDITION" | "OUT_OF_RANGE" => 400,
        "DEADLINE_EXCEEDED" => 504,
        "NOT_FOUND" => 404,
        "ALREADY_EXISTS" | "ABORTED" => 409,
        "PERMISSION_DENIED" => 403,
        "UNAUTHENTICATED" => 401,
        "RESOURCE_EXHAUSTED" => 429,
        "UNIMPLEMENTED" => 501,
        "UNAVAILABLE" => 503,
        _ => 500,
    }
}
