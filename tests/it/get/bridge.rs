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
    cut_sender: watch::Sender<u32>,
    _listening: AbortOnDropHandle<()>,
}

struct BridgeState {
    /// Where it leads; nowhere: who comes is turned away.
    target: Option<SocketAddr>,
    /// What becomes of the next connections; those after them are whole.
    spans: VecDeque<BridgeSpan>,
    open_count: usize,
}

impl Bridge {
    pub(super) async fn lead_to(service: SocketAddr, spans: &[BridgeSpan]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let indirizzo = listener.local_addr().unwrap();
        let stato = Arc::new(Mutex::new(BridgeState {
            target: Some(service),
            spans: spans.iter().copied().collect(),
            open_count: 0,
        }));
        let (cut_sender, cut) = watch::channel(0);
        let listening = tokio::spawn(listen(listener, Arc::clone(&stato), cut));
        Self {
            address: indirizzo,
            stato,
            cut_sender,
            _listening: AbortOnDropHandle::new(listening),
        }
    }

    pub(super) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Connections that were made so far.
    pub(super) fn opened(&self) -> usize {
        self.stato.lock().unwrap().open_count
    }

    /// Leads elsewhere from now on.
    pub(super) fn redirect(&self, service: Option<SocketAddr>) {
        self.stato.lock().unwrap().target = service;
    }

    /// Breaks what stands still.
    pub(super) fn cut(&self) {
        self.cut_sender.send_modify(|times| *times += 1);
    }
}

async fn listen(listener: TcpListener, stato: Arc<Mutex<BridgeState>>, cut: watch::Receiver<u32>) {
    loop {
        let (near_side, _) = listener.accept().await.unwrap();
        let (target, span) = {
            let mut stato = stato.lock().unwrap();
            stato.open_count += 1;
            let target = stato.target;
            // A connection that leads nowhere is none of the plan's.
            (target, target.and_then(|_| stato.spans.pop_front()))
        };
        let Some(target) = target else { continue };
        let mut cut = cut.clone();
        cut.mark_unchanged();
        tokio::spawn(async move {
            let far_side = TcpStream::connect(target).await.unwrap();
            let (from_client, to_client) = near_side.into_split();
            let (from_service, to_service) = far_side.into_split();
            // Both ends of both break with this task.
            tokio::select! {
                () = upward(from_client, to_service) => {}
                () = downward(from_service, to_client, span, cut) => {}
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
    span: Option<BridgeSpan>,
    mut cut: watch::Receiver<u32>,
) {
    let mut left = match span {
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
    if matches!(span, Some(BridgeSpan::Stalls(_))) {
        let _ = cut.changed().await;
    }
}
