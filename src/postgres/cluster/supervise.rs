//! Keeping the private server running: where it ends by itself, it is started again.
//!
//! The pools connect again by themselves, and so does every loop that has a connection of its own. What is left of the server that
//! ended (backends that go on with their statement, their shared memory) is cleared away first ([`crate::postgres::cluster::leftover`]): the new one refuses to start
//! beside it. The lock stays ours all the time.
//!
//! The files are never made anew here: a data directory that has vanished is a loss to be told of, and not an empty database to be served.

use std::time::{Duration, Instant};

use sqlx::Connection as _;
use tokio::time::sleep;

use crate::{
    error::Sentence,
    postgres::cluster::{Cluster, restarts::Restarts},
};

/// How often it is looked whether the server runs.
const GLANCE: Duration = Duration::from_millis(100);

impl Cluster {
    /// Starts the server again whenever it has ended. Returns why it gives up.
    pub async fn supervise(&mut self) -> Sentence {
        let mut restarts = Restarts::default();
        loop {
            let (pid, status) = match self.ended().await {
                Ok(ended) => ended,
                Err(error) => return error,
            };
            tracing::error!(pid, %status, "the private PostgreSQL has ended: it is started again");
            let since = Instant::now();
            let mut last: Option<Sentence> = None;
            loop {
                let Some(pause) = restarts.next(Instant::now()) else {
                    let last = last
                        .map_or_else(|| "it ends again each time".to_owned(), |e| e.to_string());
                    return format!("the private PostgreSQL cannot be kept running: {last}").into();
                };
                sleep(pause).await;
                if let Err(error) = self.has_data() {
                    return error;
                }
                match self.start_again().await {
                    Ok(()) => break,
                    Err(error) => {
                        tracing::error!(%error, "the private PostgreSQL does not start again");
                        last = Some(error);
                    }
                }
            }
            let seconds = since.elapsed().as_secs();
            tracing::info!(
                pid = self.server.pid(),
                seconds,
                "the private PostgreSQL runs again"
            );
        }
    }

    /// Waits until the server has ended: which one, and how.
    async fn ended(&mut self) -> Result<(u32, std::process::ExitStatus), Sentence> {
        loop {
            if let Some(status) = self.server.has_ended()? {
                self.emergency.set(None);
                return Ok((self.server.pid(), status));
            }
            sleep(GLANCE).await;
        }
    }

    fn has_data(&self) -> Result<(), Sentence> {
        match self.home.data_version()? {
            Some(_) => Ok(()),
            None => Err(format!(
                "the private PostgreSQL has ended and its files are gone from {}: put them back, or choose another \
                 database.data_dir; an empty database is not made in their place",
                self.home.data().display()
            )
            .into()),
        }
    }

    async fn start_again(&mut self) -> Result<(), Sentence> {
        self.spawn().await?;
        let administration = self.administration();
        let connection = self.server.ready(&administration).await?;
        // It answers; whether the goodbye arrives is all the same.
        let _ = connection.close().await;
        Ok(())
    }
}
