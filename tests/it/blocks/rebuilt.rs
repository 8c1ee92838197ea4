//! Blocks that are made again while they are read: never a short answer that looks whole.

use omnia::{
    app::derivations,
    blocks::block::ROWS_PER_BLOCK,
    contract::proto::ExportDecreesRequest,
    rilevazione::derived::{MadeCounts, rebuild},
};

use super::{export_all, lotti};
use crate::{export_stream::many_rows, model::NORMATIVE, server::TestServer};

const ROWS: u32 = 4000;

async fn scene() -> TestServer {
    let servizio = TestServer::start_with(|s| s.export.batch_rows = 50).await;
    servizio.load(&many_rows(ROWS), "2026-10-31").await;
    servizio
}

/// They are made again, of the same size and of another, while an export is under way.
#[tokio::test]
async fn an_export_goes_on_when_its_blocks_are_made_again() {
    for righe in [50, ROWS_PER_BLOCK] {
        let servizio = scene().await;
        let mut cliente = servizio.clients_of("mlps-ammortizzatori").await;
        let whole = export_all(&mut cliente).await.unwrap();
        let expected: Vec<_> = lotti(&whole).into_iter().flat_map(|l| &l.decreti).collect();
        let request = ExportDecreesRequest {
            normativa: NORMATIVE[0].into(),
            ..Default::default()
        };
        // One that reads slowly: the server cannot be done before the blocks are gone.
        let mut slow = servizio.slow_clients("cliente-mlps-ammortizzatori");
        let mut stream = slow
            .decreti
            .export_decrees(request)
            .await
            .unwrap()
            .into_inner();
        let mut messages = vec![stream.message().await.unwrap().unwrap()];
        let mut fatti = 0;
        let fatto = |_: &str, made: MadeCounts| fatti += made.rows;
        let left = rebuild(&servizio.db.owner, &derivations(righe), &[], false, fatto).await;
        assert_eq!(left.unwrap(), []);
        assert_eq!(fatti, u64::from(ROWS));
        while let Some(message) = stream.message().await.unwrap() {
            messages.push(message);
        }
        let rows: Vec<_> = lotti(&messages)
            .into_iter()
            .flat_map(|l| &l.decreti)
            .collect();
        assert!(rows == expected, "blocks of {righe}");
        assert_eq!(messages.last(), whole.last());
        servizio.stop().await;
    }
}
