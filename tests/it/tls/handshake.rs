//! Handshakes, good and bad: the bad ones reach no service, and the others do not notice them.

use std::time::{Duration, Instant};

use omnia::transport::tls::ClientCertificateMode;
use rcgen::{ExtendedKeyUsagePurpose, date_time_ymd};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::timeout,
};

use super::{TestAuthority, TlsDir, call, channel_to, recorded_calls, server};
use crate::server::TestServer;

#[tokio::test]
async fn calls_go_over_tls_and_only_to_a_server_that_is_trusted() {
    let cartella = TlsDir::new();
    let service = server(&cartella, ClientCertificateMode::No).await;
    call(&service, &cartella.channel(&service, None))
        .await
        .unwrap();
    let stranger = TestAuthority::new("Un'altra");
    let refused = call(&service, &channel_to(&service, &stranger, None)).await;
    assert!(refused.is_err());
    assert_eq!(recorded_calls(&service).await, 1);
    service.stop().await;
}

#[tokio::test]
async fn without_a_good_client_certificate_there_is_no_connection() {
    let cartella = TlsDir::new();
    let service = server(&cartella, ClientCertificateMode::Required).await;
    let enti = &cartella.enti;
    let good = enti.issue("be.mef.example");
    call(&service, &cartella.channel(&service, Some(&good)))
        .await
        .unwrap();
    assert_eq!(recorded_calls(&service).await, 1);

    let stranger = TestAuthority::new("Un'altra").issue("be.mef.example");
    // The same name, another key.
    let forged = TestAuthority::new("Autorità degli enti").issue("be.mef.example");
    // The server's clock says 23 November 2026.
    let expired = enti.issue_with("be.mef.example", |p| {
        p.not_after = date_time_ymd(2026, 11, 23)
    });
    let early = enti.issue_with("be.mef.example", |p| {
        p.not_before = date_time_ymd(2026, 11, 24)
    });
    let server_only = enti.issue_with("be.mef.example", |p| {
        p.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    });
    for (what, shown) in [
        ("none", None),
        ("of another authority", Some(&stranger)),
        ("of a namesake", Some(&forged)),
        ("expired", Some(&expired)),
        ("not yet valid", Some(&early)),
        ("not for clients", Some(&server_only)),
    ] {
        let refused = call(&service, &cartella.channel(&service, shown)).await;
        assert!(refused.is_err(), "{what}");
    }
    assert_eq!(recorded_calls(&service).await, 1, "one of them got in");

    // An hour earlier the expired one was good: its last instant is midnight.
    service.set_clock("2026-11-22T23:00:00Z");
    call(&service, &cartella.channel(&service, Some(&expired)))
        .await
        .unwrap();
    service.stop().await;
}

#[tokio::test]
async fn an_optional_certificate_is_good_or_not_shown() {
    let cartella = TlsDir::new();
    let service = server(&cartella, ClientCertificateMode::Optional).await;
    let good = cartella.enti.issue("be.mef.example");
    let stranger = TestAuthority::new("Un'altra").issue("be.mef.example");
    for (shown, taken) in [(None, true), (Some(&good), true), (Some(&stranger), false)] {
        let answer = call(&service, &cartella.channel(&service, shown)).await;
        assert_eq!(answer.is_ok(), taken, "{answer:?}");
    }
    service.stop().await;
}

/// What the server sends to somebody who sends this, until it closes.
async fn answer_to(service: &TestServer, sent: &[u8]) -> Vec<u8> {
    let mut tcp = TcpStream::connect(service.address).await.unwrap();
    tcp.write_all(sent).await.unwrap();
    let mut answer = Vec::new();
    // A reset is a way to be closed too.
    let closed = timeout(Duration::from_secs(3), tcp.read_to_end(&mut answer)).await;
    assert!(closed.is_ok(), "left open after {sent:?}");
    answer
}

#[tokio::test]
async fn whoever_does_not_speak_tls_gets_no_byte_and_harms_nobody() {
    let cartella = TlsDir::new();
    let service = server(&cartella, ClientCertificateMode::No).await;
    let channel = cartella.channel(&service, None);
    for plain in [
        &b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"[..],
        b"GET / HTTP/1.1\r\nhost: x\r\n\r\n",
        b"\0",
        b"\x15\x03\x01\0\x02\x02\x28",
    ] {
        let answer = answer_to(&service, plain).await;
        assert!(answer.is_empty(), "{plain:?}: {answer:?}");
        call(&service, &channel).await.unwrap();
    }
    // What begins as TLS and is not gets an alert at most.
    let answer = answer_to(&service, b"\x16\x03\x01\0\x05garbage").await;
    assert!(
        answer.len() <= 7 && answer.first().is_none_or(|b| *b == 0x15),
        "{answer:?}"
    );
    call(&service, &channel).await.unwrap();
    assert!(call(&service, &service.channel()).await.is_err());
    service.stop().await;
}

#[tokio::test]
async fn clients_that_say_nothing_keep_nobody_out() {
    let cartella = TlsDir::new();
    let settings = cartella.set_tls(ClientCertificateMode::No);
    let service = TestServer::start_with(|s| {
        settings(s);
        s.tls.max_handshakes = 4;
        s.tls.handshake_seconds = 60;
    })
    .await;
    service
        .grant_scope("be-rgs", "mef-rgs", crate::server::whole_scope())
        .await;
    let mut silent = Vec::new();
    for i in 0..20 {
        let mut tcp = TcpStream::connect(service.address).await.unwrap();
        if i % 2 == 0 {
            // A handshake that stops in the middle of its first record.
            tcp.write_all(b"\x16\x03\x01\x02\0\x01").await.unwrap();
        }
        silent.push(tcp);
    }
    let begun = Instant::now();
    let calls = (0..10).map(|_| {
        let channel = cartella.channel(&service, None);
        let service = &service;
        async move { call(service, &channel).await }
    });
    for call in calls {
        call.await.unwrap();
    }
    assert!(
        begun.elapsed() < Duration::from_secs(20),
        "{:?}",
        begun.elapsed()
    );
    // The oldest were ended to make room.
    let mut first = silent.remove(0);
    let mut answer = Vec::new();
    let closed = timeout(Duration::from_secs(3), first.read_to_end(&mut answer)).await;
    assert!(closed.is_ok());
    service.stop().await;
}

#[tokio::test]
async fn a_handshake_does_not_last_longer_than_it_may() {
    let cartella = TlsDir::new();
    let settings = cartella.set_tls(ClientCertificateMode::No);
    let service = TestServer::start_with(|s| {
        settings(s);
        s.tls.handshake_seconds = 1;
    })
    .await;
    for said in [&b""[..], b"\x16", b"\x16\x03\x01\x02\0\x01\0\x01"] {
        let begun = Instant::now();
        let answer = answer_to(&service, said).await;
        assert!(answer.is_empty(), "{answer:?}");
        assert!(
            begun.elapsed() >= Duration::from_millis(900),
            "{said:?}: {:?}",
            begun.elapsed()
        );
    }
    service.stop().await;
}
