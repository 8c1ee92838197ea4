//! What a client that shows only the message of an error learns; and what one of Flight SQL does.

use arrow_flight::{
    Action, FlightDescriptor, FlightEndpoint, FlightInfo, Location, PollInfo, Ticket,
};
use omnia::contract::proto::{ErrorReason, FLIGHT_DESCRIPTOR_SET};
use prost::Message as _;
use prost_reflect::{DescriptorPool, DynamicMessage};
use prost_types::Any;
use tonic::{Code, Status};

use crate::{
    calls::{self, filtro_decreti},
    errors::assert_error,
    model::NORMATIVE,
    server::TestServer,
};

#[tokio::test]
async fn fields_and_reasons_stand_in_the_message() {
    let service = TestServer::start().await;
    service.load(&calls::extract(), "2026-10-31").await;
    let mut client = service.clients_of("mef-rgs").await;
    let bad = r#"{"normativa": "x y", "filtro": {"numero_decreto": "=", "periodo": {"dal": "31/12/2023"}}}"#;
    let wrong = client
        .flight
        .get_flight_info(FlightDescriptor::new_cmd(bad));
    let wrong = wrong.await.unwrap_err();
    let error = assert_error(&wrong, Code::InvalidArgument, ErrorReason::InvalidRequest);
    for part in [
        "the request has invalid fields: ",
        "normativa: ",
        "filtro.numero_decreto: ",
        "filtro.periodo.dal: must be a day",
        "(ERROR_REASON_INVALID_REQUEST)",
    ] {
        assert!(error.message.contains(part), "{part}: {}", error.message);
    }
    // What the door refuses, and what the handler of a stream does.
    let filtro = filtro_decreti("cf_azienda");
    let denied = super::call_rpc(&mut client, "FlightService/DoGet", NORMATIVE[0], filtro);
    let denied = denied.await.unwrap_err().message().to_owned();
    assert!(denied.contains("ERROR_REASON_FILTER_DENIED"), "{denied}");
    assert!(denied.contains("filtri: cf_azienda"), "{denied}");
    let mut none = service.clients_with(None);
    let missing = none.flight.do_get(Ticket::new("x")).await.unwrap_err();
    assert!(missing.message().contains("ERROR_REASON_TOKEN_MISSING"));
    // Others read the details, and their message stays a sentence.
    let list = client
        .decreti
        .list_decrees(omnia::contract::proto::ListDecreesRequest::default());
    assert_eq!(
        list.await.unwrap_err().message(),
        "the request has invalid fields"
    );
    service.stop().await;
}

#[tokio::test]
async fn flight_sql_is_told_from_flight() {
    let service = TestServer::start().await;
    let mut client = service.clients_of("mlps-ammortizzatori").await;
    let flight = &mut client.flight;
    for (name, value) in [
        ("CommandStatementQuery", &b"\x0a\x08select 1"[..]),
        ("CommandGetTables", b""),
        ("CommandGetSqlInfo", b""),
        ("TicketStatementQuery", b"\x0a\x01x"),
    ] {
        let any = Any {
            type_url: format!("type.googleapis.com/arrow.flight.protocol.sql.{name}"),
            value: value.to_vec(),
        };
        let command = any.encode_to_vec();
        let descriptor = FlightDescriptor::new_cmd(command.clone());
        let told: [Result<(), Status>; 3] = [
            flight.get_flight_info(descriptor.clone()).await.map(drop),
            flight.get_schema(descriptor).await.map(drop),
            flight.do_get(Ticket::new(command)).await.map(drop),
        ];
        for status in told {
            let status = status.unwrap_err();
            let error = assert_error(
                &status,
                Code::Unimplemented,
                ErrorReason::FlightSqlUnsupported,
            );
            assert!(
                error.message.contains("Flight SQL is not spoken here"),
                "{name}"
            );
        }
    }
    for action in ["CreatePreparedStatement", "BeginTransaction", "anything"] {
        let status = flight.do_action(Action::new(action, "")).await.unwrap_err();
        let error = assert_error(&status, Code::Unimplemented, ErrorReason::CallUnknown);
        assert!(
            error.message.contains("Flight SQL is not spoken here"),
            "{action}"
        );
        assert!(error.message.contains("GetFlightInfo"), "{action}");
    }
    service.stop().await;
}

/// What reflection describes is what is spoken: every field has its number and its type.
#[test]
fn the_description_is_that_of_the_messages() {
    let pool = DescriptorPool::decode(FLIGHT_DESCRIPTOR_SET).unwrap();
    let same = |name: &str, bytes: Vec<u8>, fields: usize| {
        let full = format!("arrow.flight.protocol.{name}");
        let descriptor = pool.get_message_by_name(&full).unwrap();
        assert_eq!(descriptor.fields().len(), fields, "{name}");
        let message = DynamicMessage::decode(descriptor, bytes.as_slice()).unwrap();
        assert_eq!(message.unknown_fields().count(), 0, "{name}");
        assert_eq!(message.fields().count(), fields, "{name}");
        assert_eq!(message.encode_to_vec(), bytes, "{name}");
    };
    let at = prost_types::Timestamp {
        seconds: 1,
        nanos: 2,
    };
    let descriptor = FlightDescriptor {
        r#type: 1,
        cmd: "c".into(),
        path: vec!["a".into(), "b".into()],
    };
    let endpoint = FlightEndpoint {
        ticket: Some(Ticket::new("t")),
        location: vec![Location { uri: "u".into() }],
        expiration_time: Some(at),
        app_metadata: "m".into(),
    };
    let info = FlightInfo {
        schema: "s".into(),
        flight_descriptor: Some(descriptor.clone()),
        endpoint: vec![endpoint.clone()],
        total_records: 3,
        total_bytes: 4,
        ordered: true,
        app_metadata: "m".into(),
    };
    let poll = PollInfo {
        info: Some(info.clone()),
        flight_descriptor: Some(descriptor.clone()),
        progress: Some(0.5),
        expiration_time: Some(at),
    };
    let data = arrow_flight::FlightData {
        flight_descriptor: Some(descriptor.clone()),
        data_header: "h".into(),
        app_metadata: "m".into(),
        data_body: "b".into(),
    };
    same("FlightDescriptor", descriptor.encode_to_vec(), 3);
    same("FlightEndpoint", endpoint.encode_to_vec(), 4);
    same("FlightInfo", info.encode_to_vec(), 7);
    same("PollInfo", poll.encode_to_vec(), 4);
    same("FlightData", data.encode_to_vec(), 4);
    same("Ticket", Ticket::new("t").encode_to_vec(), 1);
    same("Location", Location { uri: "u".into() }.encode_to_vec(), 1);
    same("Action", Action::new("t", "b").encode_to_vec(), 2);
    let text = arrow_flight::ActionType {
        r#type: "t".into(),
        description: "d".into(),
    };
    same("ActionType", text.encode_to_vec(), 2);
    let hands = arrow_flight::HandshakeRequest {
        protocol_version: 1,
        payload: "p".into(),
    };
    same("HandshakeRequest", hands.encode_to_vec(), 2);
    same("HandshakeResponse", hands.encode_to_vec(), 2);
    for one in ["Criteria", "Result", "SchemaResult", "PutResult"] {
        same(one, b"\x0a\x01x".to_vec(), 1);
    }
    same("Empty", Vec::new(), 0);
    let service = pool
        .get_service_by_name("arrow.flight.protocol.FlightService")
        .unwrap();
    for rpc in omnia::contract::flight::CHIAMATE {
        let (_, method) = rpc.split_once('/').unwrap();
        assert!(
            service.methods().any(|known| known.name() == method),
            "{rpc}"
        );
    }
}
