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
pub(super) enum BridgeSpan {
    /// It breaks after so many bytes.
    Breaks(usize),
    /// After so many bytes nothing comes any more, until [`Bridge::cut`] breaks it.
    Stalls(usize),
}

/// Listens for as long as it is held.
pub(super) struct Bridge {
    pub(super) address: SocketAddr,
    stato: Arc<Mutex<BridgeState>>,
    spezza: watch::Sender<u32>,
    _ascolta: AbortOnDropHandle<()>,
}

struct BridgeState {
    /// Where it leads; nowhere: who comes is turned away.
    verso: Option<SocketAddr>,
    /// What becomes of the next connections; those after them are whole.
    tratti: VecDeque<BridgeSpan>,
    aperte: usize,
}

impl Bridge {
    pub(super) async fn lead_to(service: SocketAddr, tratti: &[BridgeSpan]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let indirizzo = listener.local_addr().unwrap();
        let stato = Arc::new(Mutex::new(BridgeState {
            verso: Some(service),
            tratti: tratti.iter().copied().collect(),
            aperte: 0,
        }));
        let (spezza, spezzato) = watch::channel(0);
        let ascolta = tokio::spawn(listen(listener, Arc::clone(&stato), spezzato));
        Self {
            address: indirizzo,
            stato,
            spezza,
            _ascolta: AbortOnDropHandle::new(ascolta),
        }
    }

    pub(super) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Connections that were made so far.
    pub(super) fn opened(&self) -> usize {
        self.stato.lock().unwrap().aperte
    }

    /// Leads elsewhere from now on.
    pub(super) fn redirect(&self, service: Option<SocketAddr>) {
        self.stato.lock().unwrap().verso = service;
    }

    /// Breaks what stands still.
    pub(super) fn cut(&self) {
        self.spezza.send_modify(|times| *times += 1);
    }
}

async fn listen(
    listener: TcpListener,
    stato: Arc<Mutex<BridgeState>>,
    spezzato: watch::Receiver<u32>,
) {
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
                () = upward(from_client, to_service) => {}
                () = downward(from_service, to_client, tratto, spezzato) => {}
            }
        });
    }
}

async fn upward(mut from: OwnedReadHalf, mut to: OwnedWriteHalf) {
    let _ = copy(&mut from, &mut to).await;
}

async fn downward(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    tratto: Option<BridgeSpan>,
    mut spezzato: watch::Receiver<u32>,
) {
    let mut left = match tratto {
        None => {
            let _ = copy(&mut from, &mut to).await;
            return;
        }
        Some(BridgeSpan::Breaks(byte) | BridgeSpan::Stalls(byte)) => byte,
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
    if matches!(tratto, Some(BridgeSpan::Stalls(_))) {
        let _ = spezzato.changed().await;
    }
}
