//! No single caller takes the last places of the exports.

use omnia::contract::proto::ErrorReason;
use tonic::Code;

use super::{RawConnection, export, server};
use crate::errors::assert_error;
use crate::eventually::eventually;

#[tokio::test]
async fn one_subject_has_half_of_the_places_and_others_have_the_rest() {
    let service = server(|_| ()).await;
    let mut raw = RawConnection::with_window(service.address, 16 * 1024).await;
    let mut held = Vec::new();
    for _ in 0..4 {
        let mut one = export(&mut raw, &service, "uno", &[], "").await;
        one.message().await.unwrap().unwrap();
        held.push(one);
    }
    let refused = async |raw: &mut RawConnection, who: &str, limit: &str| {
        let status = export(raw, &service, who, &[], "").await.status().await;
        let error = assert_error(
            &status,
            Code::ResourceExhausted,
            ErrorReason::TooManyExports,
        );
        assert_eq!(error.metadata["limit"], limit);
        error.message
    };
    let share = refused(&mut raw, "uno", "subject").await;
    assert!(share.contains("one subject"), "{share}");
    for _ in 0..4 {
        let mut one = export(&mut raw, &service, "due", &[], "").await;
        one.message().await.unwrap().unwrap();
        held.push(one);
    }
    service
        .grant_scope("tre", "mlps-ammortizzatori", crate::server::whole_scope())
        .await;
    let all = refused(&mut raw, "tre", "server").await;
    assert!(all.contains("this server"), "{all}");

    held.remove(0);
    eventually("a place is free", async || {
        let next = export(&mut raw, &service, "tre", &[], "").await;
        next.status().await.code() == Code::Ok
    })
    .await;
    drop(held);
    service.stop().await;
}
