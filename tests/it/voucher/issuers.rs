//! Two issuers: each gives names of its own enti, and the operator of one cannot name a client like another's.

use omnia::contract::proto::{ErrorReason as R, GetMyAccessRequest};
use tonic::{Code, Status};

use super::{CLIENT, ISSUER, Presentation, VoucherScene, enti};
use crate::{
    abilitazione::new_request,
    errors::{ContractError, contract_error},
    server::{CallerClients, whole_scope},
};

async fn call(mut client: CallerClients) -> Result<(), Status> {
    let access = client.access.get_my_access(GetMyAccessRequest::default());
    access.await.map(drop)
}

/// As the other issuer names it.
async fn refused(scene: &VoucherScene, soggetto: &str) -> ContractError {
    contract_error(&call(scene.service.clients_as(soggetto)).await.unwrap_err())
}

#[tokio::test]
async fn a_name_of_another_issuer_has_no_grant() {
    let scene = VoucherScene::start_with(|settings| {
        settings.access.enti = enti(&["INPS"]);
        settings.access.issuers[0].enti = enti(&["MLPS", "MEF"]);
    })
    .await;
    let voucher = Presentation::bearer(&scene.voucher(None, None));
    assert_eq!(scene.call(&voucher).await, Ok(()));
    let nobody = refused(&scene, "nobody").await;
    assert_eq!(
        (nobody.code, nobody.reason),
        (Code::PermissionDenied, R::GrantMissing)
    );
    assert_eq!(refused(&scene, CLIENT).await, nobody, "in the same words");
    // Nor is it told in which state the grant of another is.
    let to_come = new_request("to-come", "mef-rgs", "2027-01-01", "2027-12-31");
    scene.service.grant(&to_come).await;
    assert_eq!(refused(&scene, "to-come").await, nobody);
    // Its own it has.
    let mut own = new_request("own", "inps-controllo", "2026-01-01", "2026-12-31");
    own.ente = omnia::abilitazione::grants::Ente::Inps;
    scene.service.grant(&own).await;
    call(scene.service.clients_as("own")).await.unwrap();

    // The log tells the two apart.
    let seen: Vec<(String, String)> = sqlx::query_as(
        "select emittente, decisione from audit_chiamata where soggetto = $1 order by numero",
    )
    .bind(CLIENT)
    .fetch_all(&scene.service.db.owner)
    .await
    .unwrap();
    let other = scene.service.settings.access.issuer.as_str();
    let seen: Vec<_> = seen.iter().map(|(who, what)| (&**who, &**what)).collect();
    assert_eq!(seen, [(ISSUER, "CONSENTITA"), (other, "NEGATA")]);
}

#[tokio::test]
async fn issuers_that_share_an_ente_share_its_names() {
    let scene = VoucherScene::start_with(|settings| {
        settings.access.enti = enti(&["INPS", "MLPS"]);
        settings.access.issuers[0].enti = enti(&["MLPS", "MEF"]);
    })
    .await;
    call(scene.service.clients_as(CLIENT)).await.unwrap();
    scene
        .service
        .grant_scope("shared", "mlps-ammortizzatori", whole_scope())
        .await;
    call(scene.service.clients_as("shared")).await.unwrap();
}
