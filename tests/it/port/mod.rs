//! What a caller can take of the port, and what one can take from all: connections, deadlines, places of streams.

mod connections;
mod deadline;
mod files;
mod free_streams;
mod raw;
mod share;
mod stall;

use std::time::Duration;

use omnia::{
    contract::proto::{ExportDecreesRequest, ExportDecreesResponse, path_of},
    transport::{
        ConnectionLimits, OpenConnections, connection::TrustedProxies, connection_io::Patience,
    },
};
use sqlx::PgPool;

use self::raw::{RawAnswer, RawConnection};
use crate::{
    export_stream::many_rows,
    model::NORMATIVE,
    server::{TestServer, whole_scope},
};

/// Enough for tests of other things.
pub const PATIENCE: Patience = Patience {
    opening: Duration::from_secs(60),
    writing: Duration::from_secs(60),
    answer: Duration::from_secs(60),
};

/// More than a test opens.
pub fn connections() -> OpenConnections {
    OpenConnections::new(ConnectionLimits {
        all: 1000,
        per_address: 1000,
        proxies: TrustedProxies::default(),
    })
}

/// Rows of one norm: together far more than what fits between a server and a client who does not read.
const ROWS: u32 = 8_000;

async fn server(change: impl FnOnce(&mut omnia::config::Settings)) -> TestServer {
    let service = TestServer::start_with(|s| {
        s.export.batch_rows = 50;
        change(s);
    })
    .await;
    service.load(&many_rows(ROWS), "2026-10-31").await;
    for soggetto in ["uno", "due"] {
        service
            .grant_scope(soggetto, "mlps-ammortizzatori", whole_scope())
            .await;
    }
    service
}

fn selection(resume_token: &str) -> ExportDecreesRequest {
    ExportDecreesRequest {
        normativa: NORMATIVE[0].into(),
        resume_token: resume_token.into(),
        ..Default::default()
    }
}

/// Begins an export as `soggetto`.
async fn export(
    raw: &mut RawConnection,
    service: &TestServer,
    soggetto: &str,
    headers: &[(&'static str, &str)],
    resume_token: &str,
) -> RawAnswer<ExportDecreesResponse> {
    let bearer = format!("Bearer {}", service.token(soggetto));
    let headers = [&[("authorization", bearer.as_str())], headers].concat();
    let path = format!("/{}", path_of("DecreeService/ExportDecrees"));
    raw.call(&path, &headers, &selection(resume_token)).await
}

/// Statements of the serving role that wait for a lock at this moment.
pub async fn waiting(owner: &PgPool) -> i64 {
    sqlx::query_scalar(
        "select count(*) from pg_stat_activity
         where datname = current_database() and usename = 'omnia_servizio' and wait_event_type = 'Lock'",
    )
    .fetch_one(owner)
    .await
    .unwrap()
}
