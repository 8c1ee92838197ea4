//! Calls that are held open before their message.

use std::time::Duration;

use omnia::{
    abilitazione::grants::Azione,
    contract::proto::{ErrorReason, ListDecreesRequest, ListDecreesResponse},
};
use tokio::{sync::mpsc, time::sleep};
use tokio_stream::wrappers::UnboundedReceiverStream;
use tonic::{Code, Request, Response, Status};

use super::step;
use crate::{
    abilitazione::PACKAGE,
    calls::extract,
    errors::assert_error,
    model::NORMATIVE,
    server::{CallerClients, TestServer},
};

type MessageSender = mpsc::UnboundedSender<ListDecreesRequest>;

fn list_request() -> ListDecreesRequest {
    ListDecreesRequest {
        normativa: NORMATIVE[0].into(),
        ..Default::default()
    }
}

/// Sends the headers of a ListDecrees; the message is sent through the channel.
async fn open(
    client: &CallerClients,
) -> (
    MessageSender,
    impl Future<Output = Result<Response<ListDecreesResponse>, Status>>,
) {
    let (sender, receiver) = mpsc::unbounded_channel();
    let channel = client.channel.clone();
    let call = tokio::spawn(async move {
        let mut grpc = tonic::client::Grpc::new(channel);
        grpc.ready().await.unwrap();
        let path = format!("{PACKAGE}DecreeService/ListDecrees")
            .parse()
            .unwrap();
        let messages = Request::new(UnboundedReceiverStream::new(receiver));
        let codec = tonic_prost::ProstCodec::default();
        grpc.client_streaming(messages, path, codec).await
    });
    // Until the headers are there.
    sleep(Duration::from_millis(300)).await;
    (sender, async move { call.await.unwrap() })
}

#[tokio::test]
async fn a_call_that_was_held_open_is_decided_when_its_message_comes() {
    let service = TestServer::start().await;
    service.load(&extract(), "2026-10-31").await;
    let id = service
        .grant_scope("be", "mef-rgs", crate::server::whole_scope())
        .await;
    let client = service.clients_as("be");

    let (messages, answer) = open(&client).await;
    messages.send(list_request()).unwrap();
    drop(messages);
    assert!(!answer.await.unwrap().into_inner().decreti.is_empty());

    // One has its message when the grant ends, and not the end of it; the other has nothing.
    let (empty, answer_to_empty) = open(&client).await;
    let (begun, answer_to_begun) = open(&client).await;
    begun.send(list_request()).unwrap();
    step(&service, id, Azione::Revoca).await;
    sleep(Duration::from_secs(1)).await;
    empty.send(list_request()).unwrap();
    drop((empty, begun));
    for answer in [answer_to_empty.await, answer_to_begun.await] {
        assert_error(
            &answer.unwrap_err(),
            Code::PermissionDenied,
            ErrorReason::GrantRevoked,
        );
    }
}

#[tokio::test]
async fn a_message_is_not_waited_for_for_ever() {
    let service = TestServer::start().await;
    service
        .grant_scope("be", "mef-rgs", crate::server::whole_scope())
        .await;
    let client = service.clients_as("be");
    let (_messages, answer) = open(&client).await;
    let answer = tokio::time::timeout(Duration::from_secs(20), answer)
        .await
        .unwrap();
    assert_error(
        &answer.unwrap_err(),
        Code::InvalidArgument,
        ErrorReason::MessageMalformed,
    );
}
