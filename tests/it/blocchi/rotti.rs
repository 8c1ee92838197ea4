//! Blocks that are made again while they are read: never a short answer that looks whole.

use omnia::{
    blocks::{blocchi::Fatti, blocco::RIGHE_PER_BLOCCO},
    contract::proto::ExportDecreesRequest,
    rilevazione::derived::rebuild,
};

use super::{lotti, tutta};
use crate::{flusso::molte, modello::NORMATIVE, servizio::Servizio};

const RIGHE: u32 = 4000;

async fn scena() -> Servizio {
    let servizio = Servizio::avvia_con(|s| s.export.batch_rows = 50).await;
    servizio.carica(&molte(RIGHE), "2026-10-31").await;
    servizio
}

/// They are made again, of the same size and of another, while an export is under way.
#[tokio::test]
async fn an_export_goes_on_when_its_blocks_are_made_again() {
    for righe in [50, RIGHE_PER_BLOCCO] {
        let servizio = scena().await;
        let mut cliente = servizio.cliente("mlps-ammortizzatori").await;
        let whole = tutta(&mut cliente).await.unwrap();
        let expected: Vec<_> = lotti(&whole).into_iter().flat_map(|l| &l.decreti).collect();
        let request = ExportDecreesRequest {
            normativa: NORMATIVE[0].into(),
            ..Default::default()
        };
        // One that reads slowly: the server cannot be done before the blocks are gone.
        let mut slow = servizio.lento("cliente-mlps-ammortizzatori");
        let mut stream = slow
            .decreti
            .export_decrees(request)
            .await
            .unwrap()
            .into_inner();
        let mut messages = vec![stream.message().await.unwrap().unwrap()];
        let mut fatti = 0;
        let fatto = |_: &str, made: Fatti| fatti += made.righe;
        let left = rebuild(&servizio.db.owner, &[], righe, false, fatto).await;
        assert_eq!(left.unwrap(), []);
        assert_eq!(fatti, u64::from(RIGHE));
        while let Some(message) = stream.message().await.unwrap() {
            messages.push(message);
        }
        let rows: Vec<_> = lotti(&messages)
            .into_iter()
            .flat_map(|l| &l.decreti)
            .collect();
        assert!(rows == expected, "blocks of {righe}");
        assert_eq!(messages.last(), whole.last());
        servizio.ferma().await;
    }
}
