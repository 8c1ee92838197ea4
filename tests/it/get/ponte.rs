//! A bridge between the program and the service, which can be cut.

use std::{
    collections::VecDeque,
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _, copy},
    net::{TcpListener, TcpStream, tcp::OwnedReadHalf, tcp::OwnedWriteHalf},
    sync::watch,
};
use tokio_util::task::AbortOnDropHandle;

/// How far a connection carries what the service sends.
#[derive(Debug, Clone, Copy)]
pub(super) enum Tratto {
    /// It breaks after so many bytes.
    Rotto(usize),
    /// After so many bytes nothing comes any more, until [`Ponte::spezza`] breaks it.
    Fermo(usize),
}

/// Listens for as long as it is held.
pub(super) struct Ponte {
    pub(super) indirizzo: SocketAddr,
    stato: Arc<Mutex<Stato>>,
    spezza: watch::Sender<u32>,
    _ascolta: AbortOnDropHandle<()>,
}

struct Stato {
    /// Where it leads; nowhere: who comes is turned away.
    verso: Option<SocketAddr>,
    /// What becomes of the next connections; those after them are whole.
    tratti: VecDeque<Tratto>,
    aperte: usize,
}

impl Ponte {
    pub(super) async fn verso(service: SocketAddr, tratti: &[Tratto]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let indirizzo = listener.local_addr().unwrap();
        let stato = Arc::new(Mutex::new(Stato {
            verso: Some(service),
            tratti: tratti.iter().copied().collect(),
            aperte: 0,
        }));
        let (spezza, spezzato) = watch::channel(0);
        let ascolta = tokio::spawn(ascolta(listener, Arc::clone(&stato), spezzato));
        Self {
            indirizzo,
            stato,
            spezza,
            _ascolta: AbortOnDropHandle::new(ascolta),
        }
    }

    pub(super) fn url(&self) -> String {
        format!("http://{}", self.indirizzo)
    }

    /// Connections that were made so far.
    pub(super) fn aperte(&self) -> usize {
        self.stato.lock().unwrap().aperte
    }

    /// Leads elsewhere from now on.
    pub(super) fn porta_a(&self, service: Option<SocketAddr>) {
        self.stato.lock().unwrap().verso = service;
    }

    /// Breaks what stands still.
    pub(super) fn spezza(&self) {
        self.spezza.send_modify(|times| *times += 1);
    }
}

async fn ascolta(listener: TcpListener, stato: Arc<Mutex<Stato>>, spezzato: watch::Receiver<u32>) {
    loop {
        let (di_qua, _) = listener.accept().await.unwrap();
        let (verso, tratto) = {
            let mut stato = stato.lock().unwrap();
            stato.aperte += 1;
            let verso = stato.verso;
            // A connection that leads nowhere is none of the plan's.
            (verso, verso.and_then(|_| stato.tratti.pop_front()))
        };
        let Some(verso) = verso else { continue };
        let mut spezzato = spezzato.clone();
        spezzato.mark_unchanged();
        tokio::spawn(async move {
            let di_la = TcpStream::connect(verso).await.unwrap();
            let (from_client, to_client) = di_qua.into_split();
            let (from_service, to_service) = di_la.into_split();
            // Both ends of both break with this task.
            tokio::select! {
                () = su(from_client, to_service) => {}
                () = giu(from_service, to_client, tratto, spezzato) => {}
            }
        });
    }
}

async fn su(mut from: OwnedReadHalf, mut to: OwnedWriteHalf) {
    let _ = copy(&mut from, &mut to).await;
}

async fn giu(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    tratto: Option<Tratto>,
    mut spezzato: watch::Receiver<u32>,
) {
    let mut left = match tratto {
        None => {
            let _ = copy(&mut from, &mut to).await;
            return;
        }
        Some(Tratto::Rotto(byte) | Tratto::Fermo(byte)) => byte,
    };
    let mut buffer = vec![0; 16 * 1024];
    while left > 0 {
        let most = left.min(buffer.len());
        let Ok(read @ 1..) = from.read(&mut buffer[..most]).await else {
            return;
        };
        if to.write_all(&buffer[..read]).await.is_err() {
            return;
        }
        left -= read;
    }
    if matches!(tratto, Some(Tratto::Fermo(_))) {
        let _ = spezzato.changed().await;
    }
}
