//! What a reader knows of a flight before its first row.

use arrow_flight::{Criteria, FlightDescriptor, FlightInfo};
use arrow_schema::Schema;
use expect_test::expect_file;
use futures_util::TryStreamExt as _;
use serde_json::{Value, json};

use super::{take, tickets_of};
use crate::{
    calls,
    model::NORMATIVE,
    server::{TestServer, only_normativa},
};

/// Its columns and all that it says, as lines.
fn schema_text(schema: &Schema) -> String {
    let mut lines: Vec<String> = Vec::new();
    let metadata = |metadata: &arrow_schema::Metadata| {
        let pairs = metadata
            .iter()
            .map(|(key, value)| format!("  {key}: {value}"));
        let mut pairs: Vec<String> = pairs.collect();
        pairs.sort_unstable();
        pairs
    };
    lines.extend(metadata(schema.metadata()));
    for field in schema.fields() {
        let null = if field.is_nullable() { " null" } else { "" };
        lines.push(format!("{} {}{null}", field.name(), field.data_type()));
        lines.extend(metadata(field.metadata()));
    }
    lines.join("\n") + "\n"
}

#[tokio::test]
async fn a_schema_says_what_its_columns_are() {
    let service = TestServer::start().await;
    service.load(&calls::extract(), "2026-10-31").await;
    let mut client = service.clients_of("mlps-ammortizzatori").await;
    let descriptor = FlightDescriptor::new_path(vec![NORMATIVE[0].into()]);
    let info = client.flight.get_flight_info(descriptor.clone()).await;
    let info = info.unwrap().into_inner();
    assert_eq!(info.flight_descriptor, Some(descriptor.clone()));
    let ticket = tickets_of(&info).pop().unwrap();
    let planned = info.try_decode_schema().unwrap();
    // To accept a change: `UPDATE_EXPECT=1 cargo test --test it a_schema_says`.
    expect_file!["../../flight_schema.txt"].assert_eq(&schema_text(&planned));
    let sent = take(&mut client, ticket).await.unwrap().schema.unwrap();
    assert_eq!(*sent, planned);

    // Before a flight is planned nothing was counted.
    let early = client.flight.get_schema(descriptor).await.unwrap();
    let early = Schema::try_from(early.into_inner()).unwrap();
    assert_eq!(early.fields(), planned.fields());
    let counted = |schema: &Schema| {
        let keys = schema.metadata().iter().map(|(key, _)| key.clone());
        keys.filter(|key| key.starts_with("totali.")).count()
    };
    assert_eq!((counted(&early), counted(&planned)), (0, 4));
    service.stop().await;
}

#[tokio::test]
async fn a_flight_for_each_norm_in_scope() {
    let service = TestServer::start().await;
    let mut all_of_them = service.clients_of("mef-rgs").await;
    let list = async |client: &mut crate::server::CallerClients| {
        let flights = client.flight.list_flights(Criteria::default()).await;
        let flights: Vec<FlightInfo> = flights.unwrap().into_inner().try_collect().await.unwrap();
        let command = |info: &FlightInfo| {
            let cmd = info.flight_descriptor.as_ref().unwrap().cmd.clone();
            serde_json::from_slice::<Value>(&cmd).unwrap()
        };
        flights.iter().map(command).collect::<Vec<_>>()
    };
    assert!(
        list(&mut all_of_them).await.is_empty(),
        "before the first load"
    );
    let numero = service.load(&calls::extract(), "2026-10-31").await;
    service
        .grant_scope("una", "mef-rgs", only_normativa(NORMATIVE[1]))
        .await;
    let mut one = service.clients_as("una");
    let expected = |norms: &[&str]| {
        let mut norms = norms.to_vec();
        norms.sort_unstable();
        let commands = norms
            .into_iter()
            .map(|norm| json!({"normativa": norm, "rilevazione": numero}));
        commands.collect::<Vec<_>>()
    };
    assert_eq!(list(&mut one).await, expected(&NORMATIVE[1..2]));
    let all = list(&mut all_of_them).await;
    assert_eq!(all, expected(&NORMATIVE));
    // What is listed can be asked for as it is.
    for command in all {
        let descriptor = FlightDescriptor::new_cmd(command.to_string());
        let info = all_of_them
            .flight
            .get_flight_info(descriptor)
            .await
            .unwrap();
        assert!(info.into_inner().total_records > 0);
    }
    let criteria = Criteria {
        expression: "x".into(),
    };
    let status = all_of_them
        .flight
        .list_flights(criteria)
        .await
        .map(drop)
        .unwrap_err();
    crate::errors::assert_error(
        &status,
        tonic::Code::InvalidArgument,
        omnia::contract::proto::ErrorReason::InvalidRequest,
    );
    service.stop().await;
}
