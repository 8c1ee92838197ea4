//! A failure that lasts: said when it begins and when it is over, and not at every turn of every loop.

use omnia::contract::proto::{GetMyAccessRequest, access_service_client::AccessServiceClient};
use tonic::Request;

use crate::{program::Program, server::TestServer};

const CALLS: usize = 30;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_is_gone_is_said_once_by_each_part_whatever_is_called() {
    let service = TestServer::start().await;
    service.grant_today("chiamante", "mef-sintesi").await;
    let program = Program::serve(&service.db).await;
    let mut client = AccessServiceClient::new(program.channel());
    let bearer = program.bearer("chiamante");
    let mut call = async || {
        let mut request = Request::new(GetMyAccessRequest {});
        let metadata = request.metadata_mut();
        metadata.insert("authorization", bearer.parse().unwrap());
        client.get_my_access(request).await
    };
    call().await.unwrap();

    service.db.allow_connections(false).await;
    service.db.detach().await;
    for failing in [
        "the grants cannot be read",
        "the latest rilevazione cannot be read",
        "calls are not answered",
    ] {
        program.says(failing).await;
    }
    for _ in 0..CALLS {
        call().await.unwrap_err();
    }
    program.says("the audit log cannot be written").await;
    let levels = ["ERROR", "WARN"];
    let mut loud = program.lines();
    loud.retain(|line| levels.iter().any(|level| line["level"] == **level));
    assert!(loud.len() <= 10, "{} lines: {loud:#?}", loud.len());

    service.db.allow_connections(true).await;
    for well in [
        "the grants can be read again",
        "the latest rilevazione can be read again",
        "calls are answered again",
        "the audit log can be written again",
    ] {
        let line = program.says(well).await;
        assert!(line["times"].as_u64().unwrap() > 0, "{line}");
        assert_eq!(program.said(well).len(), 1);
    }
    call().await.unwrap();
    service.stop().await;
}
