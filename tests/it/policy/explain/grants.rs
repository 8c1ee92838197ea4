//! The grant's part: which one counts, when and from where; and what is recorded of the question.

use omnia::{
    abilitazione::{
        Ambito, AmbitoCodes,
        grants::{Orari, Reti},
    },
    contract::proto::{ErrorReason, ExplainAccessRequest},
    crypto::key::AuditKey,
    valori::CodiceNormativa,
};
use tonic_types::StatusExt as _;

use super::{LIST, explain, of_soggetto};
use crate::{
    abilitazione::{new_request, revoke},
    calls::{self, call_rpc_for},
    model::NORMATIVE,
    server::{AUDIT_KEY, TestServer, whole_scope},
};

/// The grant: what there is, which one counts, and when. The door is asked at the same instants.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_grant_that_counts_is_named_at_any_time() {
    let service = TestServer::start().await;
    service.load(&calls::extract(), "2026-10-31").await;
    // It is asked at instants at which its own grant would not count: only the caller's now does.
    let auditor = service.clients_of("inps-controllo").await;
    let norm = CodiceNormativa::parse(NORMATIVE[0]).unwrap();
    let ambito = Ambito::new(AmbitoCodes::only([norm]).unwrap(), AmbitoCodes::All);
    let revoked = service
        .grant_scope("client", "mef-rgs", whole_scope())
        .await;
    revoke(&service.db.owner, &service.clock, revoked).await;
    let id = service.grant_scope("client", "mef-rgs", ambito).await;
    let now = "2026-11-23T09:00:00Z";
    for (chi, istante, normativa) in [
        ("client", now, NORMATIVE[0]),
        ("client", now, NORMATIVE[1]),
        ("client", "2025-12-31T22:59:59Z", NORMATIVE[0]),
        ("client", "2026-12-31T23:59:59+01:00", NORMATIVE[0]),
        ("client", "2027-01-01T00:00:00+01:00", NORMATIVE[0]),
        ("nobody", now, NORMATIVE[0]),
    ] {
        let request = ExplainAccessRequest {
            normative: vec![normativa.into()],
            istante: istante.into(),
            ..of_soggetto(chi, LIST)
        };
        let told = explain(&auditor, request).await;
        service.set_clock(istante);
        let happens = call_rpc_for(&mut service.clients_as(chi), LIST, normativa, "").await;
        service.set_clock(now);
        let what = format!("{chi} {istante} {normativa}: {happens:?} {told:?}");
        match happens {
            Ok(_) => assert!(told.consentito, "{what}"),
            Err(status) => {
                let info = status.get_details_error_info().unwrap();
                assert_eq!(told.motivo().as_str_name(), info.reason, "{what}");
                assert_eq!(told.messaggio, status.message(), "{what}");
            }
        }
        let numbers: Vec<i64> = told.abilitazioni.iter().map(|a| a.abilitazione).collect();
        if chi == "nobody" {
            assert_eq!(
                (numbers, told.motivo()),
                (vec![], ErrorReason::GrantMissing)
            );
            continue;
        }
        assert_eq!(numbers, [revoked, id]);
        assert_eq!(told.abilitazioni[0].stato, "REVOCATA");
        let valid = told.abilitazioni[1].decisiva;
        assert_eq!(valid, told.profilo == "mef-rgs", "{what}");
        assert_eq!(valid, told.motivo() != ErrorReason::GrantNotValid, "{what}");
    }
    service.stop().await;
}

/// From where and when the grant that counts admits a call.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn networks_and_hours_are_asked_about() {
    let service = TestServer::start().await;
    let auditor = service.clients_of("inps-controllo").await;
    let mut richiesta = new_request("client", "mef-sintesi", "2026-01-01", "2026-12-31");
    richiesta.limiti.reti = Reti::parse(&["192.0.2.0/24"]).unwrap();
    richiesta.limiti.orari = Orari::parse(&["lun-ven 08:00-18:30"]).unwrap();
    service.grant(&richiesta).await;
    let (inside, outside) = ("192.0.2.7", "203.0.113.7");
    // The 23rd is a Monday; 17:30 in UTC is 18:30 in Rome.
    let (monday, evening) = ("2026-11-23T17:29:59Z", "2026-11-23T17:30:00Z");
    let (yes, net, hours) = (
        ErrorReason::Unspecified,
        ErrorReason::NetworkDenied,
        ErrorReason::HoursDenied,
    );
    for (indirizzo, istante, rpc, motivo) in [
        (inside, "", "ReportService/ListNormative", yes),
        ("", monday, "ReportService/ListNormative", yes),
        (inside, evening, "ReportService/ListNormative", hours),
        ("", evening, "ReportService/ListNormative", hours),
        (outside, monday, "ReportService/ListNormative", net),
        (
            "::ffff:192.0.2.7",
            monday,
            "ReportService/ListNormative",
            yes,
        ),
        // In the order of the door.
        (outside, evening, LIST, net),
        (inside, evening, LIST, hours),
        (inside, monday, LIST, ErrorReason::CallDenied),
        (
            outside,
            "2027-01-04T10:00:00Z",
            LIST,
            ErrorReason::GrantNotValid,
        ),
    ] {
        let request = ExplainAccessRequest {
            indirizzo: indirizzo.into(),
            istante: istante.into(),
            ..of_soggetto("client", rpc)
        };
        let told = explain(&auditor, request).await;
        assert_eq!(told.motivo(), motivo, "{indirizzo} {istante} {rpc}");
        let [grant] = told.abilitazioni.as_slice() else {
            panic!("{told:?}")
        };
        assert_eq!(grant.reti, ["192.0.2.0/24"]);
        assert_eq!(grant.orari, ["lun-ven 08:00-18:30"]);
        // The grant counts all the same, and what its profile may do is told too.
        assert_eq!(grant.decisiva, motivo != ErrorReason::GrantNotValid);
        assert_eq!(told.voci.len(), usize::from(grant.decisiva));
    }
    service.stop().await;
}

/// Who asked about whom is recorded; a subject that is a person as the log has persons.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn questions_are_recorded() {
    let service = TestServer::start().await;
    let auditor = service.clients_of("inps-controllo").await;
    for (chi, recorded) in [
        ("mef-rgs-be", "mef-rgs-be".to_owned()),
        (
            calls::PERSONA,
            AuditKey::new(&AUDIT_KEY).keyed_hash(calls::PERSONA),
        ),
    ] {
        explain(&auditor, of_soggetto(chi, LIST)).await;
        let record: String = sqlx::query_scalar(
            "select record from audit_record where record like '%ExplainAccess%' order by numero desc limit 1",
        )
        .fetch_one(&service.db.owner)
        .await
        .unwrap();
        let record: serde_json::Value = serde_json::from_str(&record).unwrap();
        assert_eq!(record["soggetto"], "cliente-inps-controllo");
        assert_eq!(record["selezione"]["soggetto"], recorded);
        assert_eq!(record["selezione"]["rpc"], LIST);
    }
    service.stop().await;
}
