//! Health and reflection, without a token: what a load balancer and a stranger with grpcurl see.

use std::{collections::BTreeSet, time::Duration};

use prost_reflect::{DescriptorPool, Value};
use tonic::Code;
use tonic_health::pb::{
    HealthCheckRequest, health_check_response::ServingStatus, health_client::HealthClient,
};

use crate::{
    calls::{self, DETAIL, call_rpc},
    errors::assert_error,
    eventually::eventually,
    server::TestServer,
};

const SERVICES: [&str; 5] = [
    "inps.omnia.monitoraggio.v1.AccessService",
    "inps.omnia.monitoraggio.v1.DecreeService",
    "inps.omnia.monitoraggio.v1.GrantService",
    "inps.omnia.monitoraggio.v1.MonitoraggioService",
    "inps.omnia.monitoraggio.v1.ReportService",
];

async fn health(server: &TestServer, service: &str) -> ServingStatus {
    let request = HealthCheckRequest {
        service: service.to_owned(),
    };
    let answer = HealthClient::new(server.channel()).check(request).await;
    answer.unwrap().into_inner().status()
}

async fn wait_until_it_is(server: &TestServer, status: ServingStatus) {
    for service in SERVICES.iter().chain([&""]) {
        eventually(&format!("{status:?} of {service:?}"), async || {
            health(server, service).await == status
        })
        .await;
    }
}

#[tokio::test]
async fn health_follows_the_database() {
    let server = TestServer::start().await;
    server.load(&calls::extract(), "2026-10-31").await;
    let mut client = server.clients_of("mlps-ammortizzatori").await;
    wait_until_it_is(&server, ServingStatus::Serving).await;
    let unknown = HealthCheckRequest {
        service: "no.such.Service".into(),
    };
    let watched = HealthClient::new(server.channel())
        .watch(unknown.clone())
        .await;
    let mut watched = watched.unwrap().into_inner();
    let told = watched.message().await.unwrap().unwrap();
    assert_eq!(told.status(), ServingStatus::ServiceUnknown);
    // And it stays open: the name may become known.
    let more = tokio::time::timeout(Duration::from_millis(200), watched.message()).await;
    assert!(more.is_err(), "{more:?}");
    let unknown = HealthClient::new(server.channel()).check(unknown).await;
    assert_eq!(unknown.unwrap_err().code(), Code::NotFound);

    // The database goes: no one may connect, and open connections are ended.
    server.db.allow_connections(false).await;
    server.db.detach().await;
    wait_until_it_is(&server, ServingStatus::NotServing).await;
    for rpc in DETAIL {
        let status = call_rpc(&mut client, rpc, "").await.unwrap_err();
        assert_error(
            &status,
            Code::Unavailable,
            omnia::contract::proto::ErrorReason::DatabaseUnavailable,
        );
    }
    // And comes back.
    server.db.allow_connections(true).await;
    wait_until_it_is(&server, ServingStatus::Serving).await;
    assert_eq!(call_rpc(&mut client, DETAIL[0], "").await.unwrap(), 6);
    server.stop().await;
}

/// What the two versions of the protocol share; their types differ by the module only.
macro_rules! reflect {
    ($version:ident, $server:expr, $ask:expr) => {{
        use tonic_reflection::pb::$version::{
            ServerReflectionRequest, server_reflection_client::ServerReflectionClient,
            server_reflection_request::MessageRequest, server_reflection_response::MessageResponse,
        };
        let requests: Vec<ServerReflectionRequest> = [
            MessageRequest::ListServices(String::new()),
            MessageRequest::FileContainingSymbol($ask.to_owned()),
            MessageRequest::FileContainingSymbol("google.rpc.ErrorInfo".to_owned()),
        ]
        .into_iter()
        .map(|request| ServerReflectionRequest {
            host: String::new(),
            message_request: Some(request),
        })
        .collect();
        let mut answers = ServerReflectionClient::new($server.channel())
            .server_reflection_info(tokio_stream::iter(requests))
            .await
            .unwrap()
            .into_inner();
        let mut next = async || {
            answers
                .message()
                .await
                .unwrap()
                .unwrap()
                .message_response
                .unwrap()
        };
        let MessageResponse::ListServicesResponse(services) = next().await else {
            panic!("no list of services")
        };
        let services: BTreeSet<String> = services.service.into_iter().map(|s| s.name).collect();
        let MessageResponse::FileDescriptorResponse(files) = next().await else {
            panic!("no file of {}", $ask)
        };
        let MessageResponse::FileDescriptorResponse(details) = next().await else {
            panic!("the details of an error have no description")
        };
        assert!(!details.file_descriptor_proto.is_empty());
        (services, files.file_descriptor_proto)
    }};
}

#[tokio::test]
async fn reflection_shows_the_contract_with_its_options() {
    let server = TestServer::start().await;
    let ask = "inps.omnia.monitoraggio.v1.FiltroDecreti";
    for (services, files) in [reflect!(v1, server, ask), reflect!(v1alpha, server, ask)] {
        let ours: BTreeSet<&str> = services
            .iter()
            .map(String::as_str)
            .filter(|name| name.starts_with("inps."))
            .collect();
        assert_eq!(ours, BTreeSet::from(SERVICES));
        for other in [
            "grpc.health.v1.Health",
            "arrow.flight.protocol.FlightService",
        ] {
            assert!(services.contains(other), "{services:?}");
        }

        // The files as they came, with their options as bytes; those that they import, from the contract itself.
        let mut pool = DescriptorPool::new();
        let of_contract =
            DescriptorPool::decode(omnia::contract::proto::FILE_DESCRIPTOR_SET).unwrap();
        for file in of_contract.files() {
            if file.name().ends_with("decree_service.proto") {
                for bytes in &files {
                    pool.decode_file_descriptor_proto(bytes.as_slice()).unwrap();
                }
            } else if pool.get_file_by_name(file.name()).is_none() {
                let bytes = file.encode_to_vec();
                pool.decode_file_descriptor_proto(bytes.as_slice()).unwrap();
            }
        }
        let filtro = pool.get_message_by_name(ask).unwrap();
        let filtri = pool
            .get_extension_by_name("inps.omnia.monitoraggio.v1.filtri")
            .unwrap();
        assert_eq!(*filtro.options().get_extension(&filtri), Value::Bool(true));
        let persona = pool
            .get_extension_by_name("inps.omnia.monitoraggio.v1.persona_fisica")
            .unwrap();
        let marked: Vec<String> = filtro
            .fields()
            .filter(|field| *field.options().get_extension(&persona) == Value::Bool(true))
            .map(|field| field.name().to_owned())
            .collect();
        assert_eq!(marked, ["cf_azienda"]);
    }
    server.stop().await;
}

#[tokio::test]
async fn reflection_can_be_turned_off() {
    let server = TestServer::start_with(|s| s.server.reflection = false).await;
    let request = tonic_reflection::pb::v1::ServerReflectionRequest::default();
    let mut client =
        tonic_reflection::pb::v1::server_reflection_client::ServerReflectionClient::new(
            server.channel(),
        );
    let answer = client
        .server_reflection_info(tokio_stream::iter([request]))
        .await;
    assert_error(
        &answer.unwrap_err(),
        Code::Unimplemented,
        omnia::contract::proto::ErrorReason::CallUnknown,
    );
    server.stop().await;
}
