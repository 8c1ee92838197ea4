//! What the log says of handshakes that fail.

use std::{
    io::{self, Write},
    sync::{Arc, Mutex},
    time::Duration,
};

use omnia::transport::tls::ClientCertificateMode;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use super::{TlsDir, call, server};

#[derive(Clone, Default)]
struct HandshakeLog(Arc<Mutex<Vec<u8>>>);

impl Write for HandshakeLog {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl HandshakeLog {
    fn with(&self, text: &str) -> usize {
        let bytes = self.0.lock().unwrap().clone();
        let log = String::from_utf8(bytes).unwrap();
        log.lines().filter(|line| line.contains(text)).count()
    }
}

/// At the level that the service logs at: of each kind something, of a flood not everything.
#[tokio::test]
async fn each_kind_is_told_and_a_flood_of_one_is_not() {
    let lines = HandshakeLog::default();
    let writer = lines.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::INFO)
        .with_writer(move || writer.clone())
        .finish();
    // The server of the test runs on this thread too.
    let _guard = tracing::subscriber::set_default(subscriber);
    let cartella = TlsDir::new();
    let service = server(&cartella, ClientCertificateMode::Required).await;
    for first in [
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        // A ClientHello without anything in it.
        "\u{16}\u{3}\u{1}\0\u{4}\u{1}\0\0\0",
        "",
    ] {
        for _ in 0..20 {
            let mut tcp = TcpStream::connect(service.address).await.unwrap();
            tcp.write_all(first.as_bytes()).await.unwrap();
            tcp.shutdown().await.unwrap();
            // Until it is closed from the other side.
            let mut rest = Vec::new();
            let closed = tcp.read_to_end(&mut rest);
            let _ = tokio::time::timeout(Duration::from_secs(5), closed).await;
        }
    }
    for _ in 0..8 {
        call(&service, &cartella.channel(&service, None))
            .await
            .unwrap_err();
    }
    for kind in [
        "the client does not speak TLS",
        "the client went away",
        "received corrupt message",
        "the client's certificate: none was shown",
    ] {
        assert_eq!(lines.with(kind), 5, "{kind}");
    }
    assert!(lines.with("127.0.0.1:") >= 20);
    service.stop().await;
}
