//! TLS over the real server: who gets a connection, and what becomes known of it.

mod abilitazione;
mod autorita;
mod canale;
mod cliente;
mod failures;
mod programma;
mod ricarica;
mod stretta;

use std::{fs, os::unix::fs::PermissionsExt as _, path::Path};

use omnia::{
    config::{ClientCertificate, Settings},
    contract::proto::GetMyAccessRequest,
};
use tempfile::TempDir;
use tonic::{
    Status,
    transport::{Certificate, Channel, ClientTlsConfig, Endpoint, Identity},
};

use self::autorita::{Autorita, Emesso};
use crate::servizio::{Servizio, tutto};

/// The files of a server, in a directory of their own.
pub(crate) struct Cartella {
    pub(crate) dir: TempDir,
    /// Who signed the server's certificate.
    pub(crate) autorita: Autorita,
    /// Who signs the clients'.
    enti: Autorita,
}

impl Cartella {
    pub(crate) fn new() -> Self {
        let cartella = Self {
            dir: tempfile::tempdir().unwrap(),
            autorita: Autorita::new("Autorità dei server"),
            enti: Autorita::new("Autorità degli enti"),
        };
        cartella.metti(&cartella.autorita.rilascia("localhost"));
        fs::write(cartella.dir.path().join("enti.pem"), &cartella.enti.pem).unwrap();
        cartella
    }

    /// Puts a certificate and its key where the server looks.
    fn metti(&self, emesso: &Emesso) {
        self.scrivi("server.pem", &emesso.pem);
        self.scrivi("server.key", &emesso.key);
    }

    /// Writes as a careful operator does: whole, under another name, then renamed.
    fn scrivi(&self, name: &str, text: &str) {
        let new = self.dir.path().join("new");
        fs::write(&new, text).unwrap();
        fs::set_permissions(&new, fs::Permissions::from_mode(0o600)).unwrap();
        fs::rename(&new, self.dir.path().join(name)).unwrap();
    }

    fn imposta(&self, ask: ClientCertificate) -> impl FnOnce(&mut Settings) {
        let dir = self.dir.path().to_owned();
        move |settings| settings.tls = impostazioni(&dir, ask)
    }

    /// A connection that trusts the server's authority, and shows this certificate.
    fn canale(&self, servizio: &Servizio, mostra: Option<&Emesso>) -> Channel {
        canale(servizio, &self.autorita, mostra)
    }
}

fn impostazioni(dir: &Path, ask: ClientCertificate) -> omnia::config::Tls {
    omnia::config::Tls {
        cert_file: Some(dir.join("server.pem")),
        key_file: Some(dir.join("server.key")),
        client_ca_file: (ask != ClientCertificate::No).then(|| dir.join("enti.pem")),
        client_certificate: ask,
        ..Default::default()
    }
}

fn canale(servizio: &Servizio, fidata: &Autorita, mostra: Option<&Emesso>) -> Channel {
    let mut tls = ClientTlsConfig::new()
        .domain_name("localhost")
        .ca_certificate(Certificate::from_pem(&fidata.pem));
    if let Some(emesso) = mostra {
        tls = tls.identity(Identity::from_pem(&emesso.pem, &emesso.key));
    }
    Endpoint::from_shared(format!("https://{}", servizio.address))
        .unwrap()
        .tls_config(tls)
        .unwrap()
        .connect_lazy()
}

/// A server with a grant for [`chiama`].
async fn servizio(cartella: &Cartella, ask: ClientCertificate) -> Servizio {
    let servizio = Servizio::avvia_con(cartella.imposta(ask)).await;
    servizio.abilita("be-rgs", "mef-rgs", tutto()).await;
    servizio
}

/// A call on this connection, as somebody who may make it.
async fn chiama(servizio: &Servizio, channel: &Channel) -> Result<(), Status> {
    let mut cliente = servizio.su(channel.clone(), Some(&servizio.token("be-rgs")));
    let answer = cliente.accesso.get_my_access(GetMyAccessRequest {}).await;
    answer.map(drop)
}

/// Calls that reached the service at all.
async fn registrate(servizio: &Servizio) -> i64 {
    sqlx::query_scalar("select count(*) from audit_record where record like '%\"rpc\"%'")
        .fetch_one(&servizio.db.owner)
        .await
        .unwrap()
}
