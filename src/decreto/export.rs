//! The stream of `ExportDecrees`.
//!
//! A task reads page after page and hands each on as a lotto through a channel of two: memory does not grow with the rows,
//! and Postgres works on the next page while the last one travels. The channel carries no end of its own: when it
//! closes, the stream asks the task how it ended, and sends the chiusura or the error. So a stream that is cut
//! short cannot look whole, whatever stopped the task.

use std::{pin::Pin, sync::Arc, time::Duration};

use futures_util::{Stream, StreamExt as _, stream};
use tokio::{
    sync::{OwnedSemaphorePermit, mpsc},
    time::{Instant, timeout_at},
};
use tokio_stream::wrappers::ReceiverStream;
use tokio_util::{sync::CancellationToken, task::AbortOnDropHandle};
use tonic::Status;

use super::{
    posizione::Posizione,
    query::{Lettura, Totali},
};
use crate::{
    error::{Error, Reason, Result},
    proto::{
        ChiusuraExport, DettaglioDecreto, ExportDecreesResponse, IntestazioneExport, LottoExport,
        export_decrees_response::Parte,
    },
    rilevazione::elenco::Rilevazione,
    rpc::{
        pages::{Binding, Token},
        status::into_status,
    },
    valori::{Importo, Ore},
};

/// What tonic streams.
pub type Flusso = Pin<Box<dyn Stream<Item = Result<ExportDecreesResponse, Status>> + Send>>;

/// Lotti that may wait for the client.
const BUFFERED: usize = 2;

/// An export that is ready to run.
#[derive(Debug)]
pub struct Esportazione {
    /// The selection.
    pub lettura: Lettura,
    /// What its resume tokens are bound to.
    pub binding: Binding,
    /// What it reads.
    pub rilevazione: Rilevazione,
    /// Where to go on from.
    pub dopo: Option<Posizione>,
    /// Rows in a lotto.
    pub righe_per_lotto: u32,
    /// How long it may last. tonic's own timeouts end at the response headers.
    pub durata: Duration,
    /// Cancelled when the server has no more time to drain.
    pub arresto: CancellationToken,
}

impl Esportazione {
    /// Starts reading; the permit is held until the last row was handed on or the reading failed.
    #[must_use]
    pub fn avvia(self, permit: OwnedSemaphorePermit) -> Flusso {
        let (sender, receiver) = mpsc::channel(BUFFERED);
        let traccia = self.lettura.traccia().clone();
        let task = tokio::spawn(async move {
            let outcome = self.leggi(sender).await;
            drop(permit);
            outcome
        });
        let parti = ReceiverStream::new(receiver).map(move |parte| {
            // Here and not where it was read: what is still in the channel when a client goes away was not sent.
            if let Parte::Lotto(lotto) = &parte {
                traccia.righe(lotto.decreti.len());
            }
            Ok(parte)
        });
        let fine = stream::once(async move {
            let outcome = task.await.unwrap_or_else(|e| Err(Error::internal(e)));
            match outcome {
                Ok(totali) => Ok(Parte::Chiusura(ChiusuraExport {
                    totali: Some(totali.into()),
                })),
                Err(error) => Err(into_status(error)),
            }
        });
        Box::pin(
            parti
                .chain(fine)
                .map(|parte| parte.map(|parte| ExportDecreesResponse { parte: Some(parte) })),
        )
    }

    async fn leggi(self, sender: mpsc::Sender<Parte>) -> Result<Totali> {
        let deadline = Instant::now() + self.durata;
        let arresto = self.arresto.clone();
        let gone = sender.clone();
        tokio::select! {
            outcome = timeout_at(deadline, self.tutte_le_pagine(sender)) => outcome.unwrap_or_else(|_| {
                Err(Error::new(
                    Reason::ExportDeadline,
                    "the export lasted longer than this server allows; go on from the last resume_token",
                ))
            }),
            () = arresto.cancelled() => Err(Error::new(
                Reason::ShuttingDown,
                "the server is stopping; go on from the last resume_token",
            )),
            // Dropping the page in flight frees its connection.
            () = gone.closed() => Err(client_gone()),
        }
    }

    async fn tutte_le_pagine(self, sender: mpsc::Sender<Parte>) -> Result<Totali> {
        let mut totali = Somma::new(&self.lettura);
        let numero = self.rilevazione.numero;
        let intestazione = IntestazioneExport {
            rilevazione: Some(self.rilevazione.into()),
        };
        send(&sender, Parte::Intestazione(intestazione)).await?;

        let lettura = Arc::new(self.lettura);
        let limite = i64::from(self.righe_per_lotto);
        // A task of its own, which ends with its handle: Postgres reads the next page while this one is added up and sent.
        let leggi = |dopo: Option<Posizione>| {
            let lettura = Arc::clone(&lettura);
            let pagina = async move { lettura.pagina(dopo.as_ref(), limite).await };
            AbortOnDropHandle::new(tokio::spawn(pagina))
        };
        let mut next = Some(leggi(self.dopo));
        while let Some(reading) = next.take() {
            let pagina = reading.await.map_err(Error::internal)??;
            let Some(fine) = pagina.fine else { break };
            let token = Token {
                binding: self.binding,
                rilevazione: numero,
                position: fine.to_bytes(),
            };
            if pagina.altre {
                next = Some(leggi(Some(fine)));
            }
            totali.add(&pagina.decreti)?;
            let lotto = LottoExport {
                decreti: pagina.decreti,
                resume_token: token.encode(),
            };
            send(&sender, Parte::Lotto(lotto)).await?;
        }
        Ok(totali.0)
    }
}

/// Hands a part on, once there is room for it.
async fn send(sender: &mpsc::Sender<Parte>, parte: Parte) -> Result<()> {
    sender.send(parte).await.map_err(|_| client_gone())
}

/// Nobody reads any more, so nobody reads this either.
fn client_gone() -> Error {
    Error::new(Reason::Internal, "the client has gone")
}

/// The control totals of what was sent, from the very text that was sent. A hidden column stays out.
struct Somma(Totali);

impl Somma {
    fn new(lettura: &Lettura) -> Self {
        Self(Totali {
            righe: lettura.vede("righe").then_some(0),
            ore_decretate: lettura.vede("ore_decretate").then(Ore::default),
            importi_autorizzati: lettura.vede("importi_autorizzati").then(Importo::default),
            importi_erogati: lettura.vede("importi_erogati").then(Importo::default),
        })
    }

    fn add(&mut self, decreti: &[DettaglioDecreto]) -> Result<()> {
        if let Some(righe) = &mut self.0.righe {
            *righe += i64::try_from(decreti.len()).map_err(Error::internal)?;
        }
        for decreto in decreti {
            // A value that Postgres rendered and that does not parse is a fault of ours: no total is better than a wrong one.
            if let Some(ore) = &mut self.0.ore_decretate {
                *ore += Ore::parse(&decreto.ore_decretate).map_err(Error::internal)?;
            }
            if let Some(importi) = &mut self.0.importi_autorizzati {
                *importi +=
                    Importo::parse(&decreto.importi_autorizzati).map_err(Error::internal)?;
            }
            if let Some(importi) = &mut self.0.importi_erogati {
                *importi += Importo::parse(&decreto.importi_erogati).map_err(Error::internal)?;
            }
        }
        Ok(())
    }
}
