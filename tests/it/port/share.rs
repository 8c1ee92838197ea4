//! Nobody has the last places of the exports.

use omnia::contract::proto::ErrorReason;
use tonic::Code;

use super::{Raw, esporta, servizio, until};
use crate::errore::assert_errore;

#[tokio::test]
async fn one_subject_has_half_of_the_places_and_others_have_the_rest() {
    let servizio = servizio(|_| ()).await;
    let mut raw = Raw::with_window(servizio.address, 16 * 1024).await;
    let mut held = Vec::new();
    for _ in 0..4 {
        let mut one = esporta(&mut raw, &servizio, "uno", &[], "").await;
        one.message().await.unwrap().unwrap();
        held.push(one);
    }
    let refused = async |raw: &mut Raw, who: &str, limit: &str| {
        let status = esporta(raw, &servizio, who, &[], "").await.status().await;
        let errore = assert_errore(
            &status,
            Code::ResourceExhausted,
            ErrorReason::TooManyExports,
        );
        assert_eq!(errore.metadata["limit"], limit);
        errore.message
    };
    let share = refused(&mut raw, "uno", "subject").await;
    assert!(share.contains("one subject"), "{share}");
    for _ in 0..4 {
        let mut one = esporta(&mut raw, &servizio, "due", &[], "").await;
        one.message().await.unwrap().unwrap();
        held.push(one);
    }
    servizio
        .abilita("tre", "mlps-ammortizzatori", crate::servizio::tutto())
        .await;
    let all = refused(&mut raw, "tre", "server").await;
    assert!(all.contains("this server"), "{all}");

    held.remove(0);
    until("a place is free", async || {
        let next = esporta(&mut raw, &servizio, "tre", &[], "").await;
        next.status().await.code() == Code::Ok
    })
    .await;
    drop(held);
    servizio.ferma().await;
}
