//! Two issuers: each gives names of its own enti, and whoever runs one cannot call a client of theirs like another's.

use omnia::contract::proto::{ErrorReason as R, GetMyAccessRequest};
use tonic::{Code, Status};

use super::{CLIENT, ISSUER, Presentation, VoucherScene, enti};
use crate::{
    abilitazione::new_request,
    errors::{ContractError, contract_error},
    server::{CallerClients, whole_scope},
};

async fn call(mut cliente: CallerClients) -> Result<(), Status> {
    let access = cliente.access.get_my_access(GetMyAccessRequest::default());
    access.await.map(drop)
}

/// As the other issuer names it.
async fn refused(scena: &VoucherScene, soggetto: &str) -> ContractError {
    contract_error(&call(scena.servizio.clients_as(soggetto)).await.unwrap_err())
}

#[tokio::test]
async fn a_name_of_another_issuer_has_no_grant() {
    let scena = VoucherScene::start_with(|settings| {
        settings.access.enti = enti(&["INPS"]);
        settings.access.issuers[0].enti = enti(&["MLPS", "MEF"]);
    })
    .await;
    let voucher = Presentation::bearer(&scena.voucher(None, None));
    assert_eq!(scena.call(&voucher).await, Ok(()));
    let nobody = refused(&scena, "nobody").await;
    assert_eq!(
        (nobody.code, nobody.reason),
        (Code::PermissionDenied, R::GrantMissing)
    );
    assert_eq!(refused(&scena, CLIENT).await, nobody, "in the same words");
    // Nor is it told in which state the grant of another is.
    let to_come = new_request("to-come", "mef-rgs", "2027-01-01", "2027-12-31");
    scena.servizio.grant(&to_come).await;
    assert_eq!(refused(&scena, "to-come").await, nobody);
    // Its own it has.
    let mut own = new_request("own", "inps-controllo", "2026-01-01", "2026-12-31");
    own.ente = omnia::abilitazione::grants::Ente::Inps;
    scena.servizio.grant(&own).await;
    call(scena.servizio.clients_as("own")).await.unwrap();

    // The log tells the two apart.
    let seen: Vec<(String, String)> = sqlx::query_as(
        "select emittente, decisione from audit_chiamata where soggetto = $1 order by numero",
    )
    .bind(CLIENT)
    .fetch_all(&scena.servizio.db.owner)
    .await
    .unwrap();
    let other = scena.servizio.settings.access.issuer.as_str();
    let seen: Vec<_> = seen.iter().map(|(who, what)| (&**who, &**what)).collect();
    assert_eq!(seen, [(ISSUER, "CONSENTITA"), (other, "NEGATA")]);
}

#[tokio::test]
async fn issuers_that_share_an_ente_share_its_names() {
    let scena = VoucherScene::start_with(|settings| {
        settings.access.enti = enti(&["INPS", "MLPS"]);
        settings.access.issuers[0].enti = enti(&["MLPS", "MEF"]);
    })
    .await;
    call(scena.servizio.clients_as(CLIENT)).await.unwrap();
    scena
        .servizio
        .grant_scope("shared", "mlps-ammortizzatori", whole_scope())
        .await;
    call(scena.servizio.clients_as("shared")).await.unwrap();
}
