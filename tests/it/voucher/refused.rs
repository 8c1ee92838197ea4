//! Refused calls of PDND's, more than have a record each: the erogatore still tells PDND of all of them.

use std::num::NonZeroU32;

use omnia::{audit::tracing_report, contract::proto::ErrorReason as R};
use serde_json::json;
use tonic::Code;

use super::{FINALITA, Presentation, VoucherScene, keys::PDND};
use crate::audit::refused::{counted, refusals};

#[tokio::test]
async fn what_is_counted_is_traced_by_purpose_and_voucher() {
    let scene = VoucherScene::start_with(|settings| {
        settings.audit.refused_per_caller_per_minute = NonZeroU32::new(2).unwrap();
    })
    .await;
    let voucher = |jti: &str| {
        let (header, mut claims) = scene.voucher_parts();
        for claim in ["sub", "client_id"] {
            claims[claim] = json!("0b7c2b1a-0000-4000-8000-5d3c1f7f4b8e");
        }
        claims["jti"] = json!(jti);
        Presentation::bearer(&PDND.sign(&header, &claims))
    };
    let missing = Err((Code::PermissionDenied, R::GrantMissing));
    for (jti, calls) in [("a", 5), ("b", 7)] {
        for _ in 0..calls {
            assert_eq!(scene.call(&voucher(jti)).await, missing);
        }
    }
    let db = scene.service.stop().await;
    let (single, counts) = refusals(&db.owner).await;
    assert_eq!((single.len(), counted(&counts)), (2, 10));
    assert_eq!(counts.len(), 2, "{counts:?}");
    let mut out = Vec::new();
    tracing_report::csv(&db.owner, Default::default(), &mut out)
        .await
        .unwrap();
    assert_eq!(
        String::from_utf8(out).unwrap(),
        format!(
            "date,purpose_id,token_id,status,requests_count\n\
             2026-11-23,{FINALITA},a,403,5\n2026-11-23,{FINALITA},b,403,7\n"
        )
    );
}
