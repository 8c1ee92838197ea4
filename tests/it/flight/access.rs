//! What a caller may not do, does not see, and leaves behind in the log. Who may make which call with which filter is in
//! [`crate::access`], with all other calls.

use arrow_flight::{
    Action, Empty, FlightData, FlightDescriptor, HandshakeRequest,
    flight_descriptor::DescriptorType,
};
use futures_util::stream;
use omnia::{
    contract::proto::{ErrorReason, ExportDecreesRequest},
    crypto::key::AuditKey,
};
use prost::Message as _;
use tonic::{Code, Status};

use super::{call_rpc, take, tickets_of};
use crate::{
    audit::call_records as recorded,
    calls::{self, FLIGHT, PERSONA, filtro_decreti},
    errors::assert_error,
    model::NORMATIVE,
    server::{AUDIT_KEY, CallerClients, TestServer},
};

#[tokio::test]
async fn other_methods_are_unknown() {
    let service = TestServer::start().await;
    let mut one = service.clients_of("mlps-ammortizzatori").await;
    let mut none = service.clients_with(None);
    for (client, code, reason) in [
        (&mut one, Code::Unimplemented, ErrorReason::CallUnknown),
        (&mut none, Code::Unauthenticated, ErrorReason::TokenMissing),
    ] {
        let flight = &mut client.flight;
        let hands = stream::iter([HandshakeRequest::default()]);
        let put = stream::iter([FlightData::default()]);
        let exchange = stream::iter([FlightData::default()]);
        let outcomes: [Result<(), Status>; 6] = [
            flight.handshake(hands).await.map(drop),
            flight
                .poll_flight_info(FlightDescriptor::default())
                .await
                .map(drop),
            flight.do_put(put).await.map(drop),
            flight.do_exchange(exchange).await.map(drop),
            flight.do_action(Action::default()).await.map(drop),
            flight.list_actions(Empty {}).await.map(drop),
        ];
        for esito in outcomes {
            assert_error(&esito.unwrap_err(), code, reason);
        }
    }
    service.stop().await;
}

#[tokio::test]
async fn what_is_wrong_with_a_command_is_told() {
    let service = TestServer::start().await;
    service.load(&calls::extract(), "2026-10-31").await;
    let mut client = service.clients_of("mlps-ammortizzatori").await;
    let unset = FlightDescriptor {
        r#type: DescriptorType::Unknown.into(),
        ..Default::default()
    };
    for (descriptor, fields) in [
        (unset, &["flight_descriptor"][..]),
        (
            FlightDescriptor::new_cmd(r#"{"norma": "x"}"#),
            &["flight_descriptor.cmd"],
        ),
        (FlightDescriptor::new_cmd(""), &["normativa"]),
        (
            FlightDescriptor::new_cmd(r#"{"normativa": "x y", "filtro": {"numero_decreto": "="}}"#),
            &["normativa", "filtro.numero_decreto"],
        ),
        (
            FlightDescriptor::new_cmd(r#"{"normativa": "A", "resume_token": "x"}"#),
            &["resume_token"],
        ),
        (
            FlightDescriptor::new_cmd(r#"{"normativa": "NO-SUCH-NORM"}"#),
            &["normativa"],
        ),
    ] {
        let schema = client.flight.get_schema(descriptor.clone()).await.map(drop);
        let info = client.flight.get_flight_info(descriptor).await.map(drop);
        for esito in [schema, info] {
            let status = esito.unwrap_err();
            let error = assert_error(&status, Code::InvalidArgument, ErrorReason::InvalidRequest);
            assert_eq!(error.violations, fields);
        }
    }
    service.stop().await;
}

/// What the profile hides is neither in the schema nor in the totals.
#[tokio::test]
async fn a_hidden_column_is_no_column() {
    let dir = tempfile::tempdir().unwrap();
    let mut policy = std::fs::read_to_string("policies/policy.csv").unwrap();
    for rpc in ["DoGet", "GetFlightInfo", "GetSchema", "ListFlights"] {
        policy += &format!("p, poco, FlightService/{rpc}, colonna, importi_erogati, deny\n");
        policy += &format!("p, poco, FlightService/{rpc}, colonna, matricola_azienda, deny\n");
    }
    policy += "g, mef-rgs, poco\n";
    std::fs::write(dir.path().join("policy.csv"), policy).unwrap();
    std::fs::copy("policies/model.conf", dir.path().join("model.conf")).unwrap();
    let service = TestServer::start_with(|s| s.access.policy_dir = Some(dir.path().into())).await;
    service.load(&calls::extract(), "2026-10-31").await;
    let mut client = service.clients_of("mef-rgs").await;
    let descriptor = FlightDescriptor::new_path(vec![NORMATIVE[0].into()]);
    let info = client
        .flight
        .get_flight_info(descriptor)
        .await
        .unwrap()
        .into_inner();
    let taken = take(&mut client, tickets_of(&info).pop().unwrap())
        .await
        .unwrap();
    let schema = taken.schema.unwrap();
    assert_eq!(schema.fields().len(), 9);
    let fields = call_rpc(
        &mut client,
        "FlightService/GetSchema",
        NORMATIVE[0],
        filtro_decreti(""),
    );
    assert_eq!(fields.await.unwrap(), 9);
    let totali = taken.outcome.unwrap();
    assert!(totali.importi_erogati.is_empty() && !totali.importi_autorizzati.is_empty());
    assert!(!schema.metadata().contains_key("totali.importi_erogati"));
    assert!(schema.metadata().contains_key("totali.importi_autorizzati"));
    assert!(
        taken
            .rows
            .iter()
            .all(|r| r.matricola_azienda.is_empty() && !r.cf_azienda.is_empty())
    );
    service.stop().await;
}

#[tokio::test]
async fn a_record_tells_what_was_selected_and_how_much_was_given() {
    let service = TestServer::start().await;
    service.load(&calls::extract(), "2026-10-31").await;
    let mut client: CallerClients = service.clients_of("mlps-ammortizzatori").await;
    let filtro = filtro_decreti("cf_azienda.persona_fisica");
    for rpc in FLIGHT {
        call_rpc(&mut client, rpc, NORMATIVE[0], filtro.clone())
            .await
            .unwrap();
    }
    let request = ExportDecreesRequest {
        normativa: NORMATIVE[0].into(),
        filtro: Some(filtro),
        ..Default::default()
    };
    let stream = client
        .decreti
        .export_decrees(request.clone())
        .await
        .unwrap();
    let righe = calls::drain(stream.into_inner()).await.rows.len();
    assert!(righe > 0 && request.encoded_len() > 0);
    let all = recorded(&service.stop().await.owner).await;
    for rpc in FLIGHT {
        let record = all
            .iter()
            .find(|r| r["rpc"] == rpc && r["tipo"] != "FINE")
            .unwrap();
        assert_eq!(record["selezione"]["normativa"], NORMATIVE[0]);
        let person = AuditKey::new(&AUDIT_KEY).keyed_hash(PERSONA);
        assert_eq!(record["selezione"]["cf_azienda"], person);
        assert_eq!(record["rilevazione"], 1);
        assert_eq!(record["decisione"], "CONSENTITA");
    }
    let end = |rpc: &str| {
        let found = all.iter().find(|r| r["rpc"] == rpc && r["tipo"] == "FINE");
        found.unwrap().clone()
    };
    let end_at = end("FlightService/DoGet");
    assert_eq!(
        (&end_at["esito"], &end_at["righe"]),
        (&"OK".into(), &righe.into())
    );
    assert_eq!(end_at["righe"], end("DecreeService/ExportDecrees")["righe"]);
}
