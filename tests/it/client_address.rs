//! Whose address is recorded of a call, over the real server: the peer's, or the one that a trusted proxy names.

use omnia::contract::proto::GetMyAccessRequest;
use serde_json::Value;
use tonic::Request;

use crate::server::{TestServer, whole_scope};

/// The address in the record of a call with these lines of a header.
async fn recorded(service: &TestServer, header: &'static str, lines: &[&str]) -> Value {
    let mut request = Request::new(GetMyAccessRequest {});
    for line in lines {
        request.metadata_mut().append(header, line.parse().unwrap());
    }
    let mut client = service.clients_as("chi-chiama");
    client.access.get_my_access(request).await.unwrap();
    let record: String = sqlx::query_scalar(
        "select record from audit_record order by catena desc, numero desc limit 1",
    )
    .fetch_one(&service.db.owner)
    .await
    .unwrap();
    let mut record: Value = serde_json::from_str(&record).unwrap();
    assert_eq!(record["rpc"], "AccessService/GetMyAccess");
    record["indirizzo"].take()
}

#[tokio::test]
async fn without_trusted_proxies_it_is_the_peers_whatever_the_headers_say() {
    let service = TestServer::start().await;
    service
        .grant_scope("chi-chiama", "mef-rgs", whole_scope())
        .await;
    for lines in [&[][..], &["198.51.100.9"], &["garbage"]] {
        let found = recorded(&service, "x-forwarded-for", lines).await;
        assert_eq!(found, "127.0.0.1", "{lines:?}");
    }
    service.stop().await;
}

#[tokio::test]
async fn a_trusted_proxy_names_it_and_is_never_taken_for_the_client() {
    let service = TestServer::start_with(|s| {
        s.server.trusted_proxies = vec!["127.0.0.0/8".to_owned(), "10.0.0.0/24".to_owned()];
        s.server.client_address_header = "x-client".to_owned();
    })
    .await;
    service
        .grant_scope("chi-chiama", "mef-rgs", whole_scope())
        .await;
    for (lines, expected) in [
        (&["198.51.100.9"][..], Some("198.51.100.9")),
        (&["1.2.3.4, 198.51.100.9, 10.0.0.8"], Some("198.51.100.9")),
        (&["1.2.3.4", "2001:db8::1"], Some("2001:db8::1")),
        (&[], None),
        (&["unknown"], None),
        (&["127.0.0.1"], None),
    ] {
        let found = recorded(&service, "x-client", lines).await;
        assert_eq!(found.as_str(), expected, "{lines:?}");
    }
    // Another header than the one that the proxy writes is the client's to write.
    let found = recorded(&service, "x-forwarded-for", &["198.51.100.9"]).await;
    assert_eq!(found, Value::Null);
    service.stop().await;
}
