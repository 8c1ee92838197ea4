//! TLS over the real server: who gets a connection, and what becomes known of it.

mod abilitazione;
mod authority;
mod client;
mod connection;
mod failures;
mod handshake;
mod program;
mod reload;

use std::{fs, os::unix::fs::PermissionsExt as _, path::Path};

use omnia::{
    config::Settings, contract::proto::GetMyAccessRequest, transport::tls::ClientCertificateMode,
};
use tempfile::TempDir;
use tonic::{
    Status,
    transport::{Certificate, Channel, ClientTlsConfig, Endpoint, Identity},
};

use self::authority::{IssuedCertificate, TestAuthority};
use crate::server::{TestServer, whole_scope};

/// The files of a server, in a directory of their own.
pub(crate) struct TlsDir {
    pub(crate) dir: TempDir,
    /// Who signed the server's certificate.
    pub(crate) authority: TestAuthority,
    /// Who signs the clients'.
    enti: TestAuthority,
}

impl TlsDir {
    pub(crate) fn new() -> Self {
        let cartella = Self {
            dir: tempfile::tempdir().unwrap(),
            authority: TestAuthority::new("Autorità dei server"),
            enti: TestAuthority::new("Autorità degli enti"),
        };
        cartella.put(&cartella.authority.issue("localhost"));
        fs::write(cartella.dir.path().join("enti.pem"), &cartella.enti.pem).unwrap();
        cartella
    }

    /// Puts a certificate and its key where the server looks.
    fn put(&self, issued: &IssuedCertificate) {
        self.write("server.pem", &issued.pem);
        self.write("server.key", &issued.key);
    }

    /// Writes as a careful operator does: whole, under another name, then renamed.
    fn write(&self, name: &str, text: &str) {
        let new = self.dir.path().join("new");
        fs::write(&new, text).unwrap();
        fs::set_permissions(&new, fs::Permissions::from_mode(0o600)).unwrap();
        fs::rename(&new, self.dir.path().join(name)).unwrap();
    }

    fn set_tls(&self, ask: ClientCertificateMode) -> impl FnOnce(&mut Settings) {
        let dir = self.dir.path().to_owned();
        move |settings| settings.tls = tls_settings(&dir, ask)
    }

    /// A connection that trusts the server's authority, and shows this certificate.
    fn channel(&self, service: &TestServer, shown: Option<&IssuedCertificate>) -> Channel {
        channel_to(service, &self.authority, shown)
    }
}

fn tls_settings(dir: &Path, ask: ClientCertificateMode) -> omnia::transport::tls::TlsSettings {
    omnia::transport::tls::TlsSettings {
        cert_file: Some(dir.join("server.pem")),
        key_file: Some(dir.join("server.key")),
        client_ca_file: (ask != ClientCertificateMode::No).then(|| dir.join("enti.pem")),
        client_certificate: ask,
        ..Default::default()
    }
}

fn channel_to(
    service: &TestServer,
    trusted: &TestAuthority,
    shown: Option<&IssuedCertificate>,
) -> Channel {
    let mut tls = ClientTlsConfig::new()
        .domain_name("localhost")
        .ca_certificate(Certificate::from_pem(&trusted.pem));
    if let Some(issued) = shown {
        tls = tls.identity(Identity::from_pem(&issued.pem, &issued.key));
    }
    Endpoint::from_shared(format!("https://{}", service.address))
        .unwrap()
        .tls_config(tls)
        .unwrap()
        .connect_lazy()
}

/// A server with a grant for [`call`].
async fn server(cartella: &TlsDir, ask: ClientCertificateMode) -> TestServer {
    let service = TestServer::start_with(cartella.set_tls(ask)).await;
    service
        .grant_scope("be-rgs", "mef-rgs", whole_scope())
        .await;
    service
}

/// A call on this connection, as somebody who may make it.
async fn call(service: &TestServer, channel: &Channel) -> Result<(), Status> {
    let mut client = service.clients_over(channel.clone(), Some(&service.token("be-rgs")));
    let answer = client.access.get_my_access(GetMyAccessRequest {}).await;
    answer.map(drop)
}

/// Calls that reached the service at all.
async fn recorded_calls(service: &TestServer) -> i64 {
    sqlx::query_scalar("select count(*) from audit_record where record like '%\"rpc\"%'")
        .fetch_one(&service.db.owner)
        .await
        .unwrap()
}
