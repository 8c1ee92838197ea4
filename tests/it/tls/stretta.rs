//! Handshakes, good and bad: the bad ones reach no service, and the others do not notice them.

use std::time::{Duration, Instant};

use omnia::config::ClientCertificate;
use rcgen::{ExtendedKeyUsagePurpose, date_time_ymd};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::timeout,
};

use super::{Autorita, Cartella, canale, chiama, registrate, servizio};
use crate::servizio::Servizio;

#[tokio::test]
async fn calls_go_over_tls_and_only_to_a_server_that_is_trusted() {
    let cartella = Cartella::new();
    let servizio = servizio(&cartella, ClientCertificate::No).await;
    chiama(&servizio, &cartella.canale(&servizio, None))
        .await
        .unwrap();
    let stranger = Autorita::new("Un'altra");
    let refused = chiama(&servizio, &canale(&servizio, &stranger, None)).await;
    assert!(refused.is_err());
    assert_eq!(registrate(&servizio).await, 1);
    servizio.ferma().await;
}

#[tokio::test]
async fn without_a_good_client_certificate_there_is_no_connection() {
    let cartella = Cartella::new();
    let servizio = servizio(&cartella, ClientCertificate::Required).await;
    let enti = &cartella.enti;
    let good = enti.rilascia("be.mef.example");
    chiama(&servizio, &cartella.canale(&servizio, Some(&good)))
        .await
        .unwrap();
    assert_eq!(registrate(&servizio).await, 1);

    let stranger = Autorita::new("Un'altra").rilascia("be.mef.example");
    // The same name, another key.
    let forged = Autorita::new("Autorità degli enti").rilascia("be.mef.example");
    // The server's clock says 23 November 2026.
    let expired = enti.rilascia_con("be.mef.example", |p| {
        p.not_after = date_time_ymd(2026, 11, 23)
    });
    let early = enti.rilascia_con("be.mef.example", |p| {
        p.not_before = date_time_ymd(2026, 11, 24)
    });
    let server_only = enti.rilascia_con("be.mef.example", |p| {
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
        let refused = chiama(&servizio, &cartella.canale(&servizio, shown)).await;
        assert!(refused.is_err(), "{what}");
    }
    assert_eq!(registrate(&servizio).await, 1, "one of them got in");

    // An hour earlier the expired one was good: its last instant is midnight.
    servizio.orologio("2026-11-22T23:00:00Z");
    chiama(&servizio, &cartella.canale(&servizio, Some(&expired)))
        .await
        .unwrap();
    servizio.ferma().await;
}

#[tokio::test]
async fn an_optional_certificate_is_good_or_not_shown() {
    let cartella = Cartella::new();
    let servizio = servizio(&cartella, ClientCertificate::Optional).await;
    let good = cartella.enti.rilascia("be.mef.example");
    let stranger = Autorita::new("Un'altra").rilascia("be.mef.example");
    for (shown, taken) in [(None, true), (Some(&good), true), (Some(&stranger), false)] {
        let answer = chiama(&servizio, &cartella.canale(&servizio, shown)).await;
        assert_eq!(answer.is_ok(), taken, "{answer:?}");
    }
    servizio.ferma().await;
}

/// What the server sends to somebody who sends this, until it closes.
async fn risposta(servizio: &Servizio, sent: &[u8]) -> Vec<u8> {
    let mut tcp = TcpStream::connect(servizio.address).await.unwrap();
    tcp.write_all(sent).await.unwrap();
    let mut answer = Vec::new();
    // A reset is a way to be closed too.
    let closed = timeout(Duration::from_secs(3), tcp.read_to_end(&mut answer)).await;
    assert!(closed.is_ok(), "left open after {sent:?}");
    answer
}

#[tokio::test]
async fn whoever_does_not_speak_tls_gets_no_byte_and_harms_nobody() {
    let cartella = Cartella::new();
    let servizio = servizio(&cartella, ClientCertificate::No).await;
    let channel = cartella.canale(&servizio, None);
    for plain in [
        &b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"[..],
        b"GET / HTTP/1.1\r\nhost: x\r\n\r\n",
        b"\0",
        b"\x15\x03\x01\0\x02\x02\x28",
    ] {
        let answer = risposta(&servizio, plain).await;
        assert!(answer.is_empty(), "{plain:?}: {answer:?}");
        chiama(&servizio, &channel).await.unwrap();
    }
    // What begins as TLS and is not gets an alert at most.
    let answer = risposta(&servizio, b"\x16\x03\x01\0\x05garbage").await;
    assert!(
        answer.len() <= 7 && answer.first().is_none_or(|b| *b == 0x15),
        "{answer:?}"
    );
    chiama(&servizio, &channel).await.unwrap();
    assert!(chiama(&servizio, &servizio.canale()).await.is_err());
    servizio.ferma().await;
}

#[tokio::test]
async fn clients_that_say_nothing_keep_nobody_out() {
    let cartella = Cartella::new();
    let imposta = cartella.imposta(ClientCertificate::No);
    let servizio = Servizio::avvia_con(|s| {
        imposta(s);
        s.tls.max_handshakes = 4;
        s.tls.handshake_seconds = 60;
    })
    .await;
    servizio
        .abilita("be-rgs", "mef-rgs", crate::servizio::tutto())
        .await;
    let mut silent = Vec::new();
    for i in 0..20 {
        let mut tcp = TcpStream::connect(servizio.address).await.unwrap();
        if i % 2 == 0 {
            // A handshake that stops in the middle of its first record.
            tcp.write_all(b"\x16\x03\x01\x02\0\x01").await.unwrap();
        }
        silent.push(tcp);
    }
    let begun = Instant::now();
    let calls = (0..10).map(|_| {
        let channel = cartella.canale(&servizio, None);
        let servizio = &servizio;
        async move { chiama(servizio, &channel).await }
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
    servizio.ferma().await;
}

#[tokio::test]
async fn a_handshake_does_not_last_longer_than_it_may() {
    let cartella = Cartella::new();
    let imposta = cartella.imposta(ClientCertificate::No);
    let servizio = Servizio::avvia_con(|s| {
        imposta(s);
        s.tls.handshake_seconds = 1;
    })
    .await;
    for said in [&b""[..], b"\x16", b"\x16\x03\x01\x02\0\x01\0\x01"] {
        let begun = Instant::now();
        let answer = risposta(&servizio, said).await;
        assert!(answer.is_empty(), "{answer:?}");
        assert!(
            begun.elapsed() >= Duration::from_millis(900),
            "{said:?}: {:?}",
            begun.elapsed()
        );
    }
    servizio.ferma().await;
}
