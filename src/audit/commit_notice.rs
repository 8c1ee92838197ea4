//! Telling the calls of a batch that their records are committed: one after the other, not all at once.
//!
//! ```text
//! commit ──► 17 ──► 18 ──► 19 ──► …      each call that hears it tells the next
//! ```
//!
//! Calls that are woken together are shared out among the threads, which then wait for each other: their answers leave on the
//! same connection. A call that is told by the one before it runs right after it, on the same thread.

use std::vec::IntoIter;

use tokio::sync::oneshot;

/// Where a call waits for its record. `None`: nobody waits.
pub(super) type CommitWaiter = Option<oneshot::Sender<CommitNotice>>;

/// The news that a record is committed. Dropping it tells the next call, whether or not this one still listens.
#[derive(Debug)]
pub(super) struct CommitNotice {
    numero: i64,
    prossime: IntoIter<CommitWaiter>,
}

impl CommitNotice {
    /// Tells those who wait for the records from `prima` on, in their order.
    pub(super) fn announce(prima: i64, attese: Vec<CommitWaiter>) {
        drop(Self {
            numero: prima - 1,
            prossime: attese.into_iter(),
        });
    }

    /// The number of the record.
    pub(super) fn number(&self) -> i64 {
        self.numero
    }
}

impl Drop for CommitNotice {
    fn drop(&mut self) {
        let mut numero = self.numero;
        let mut prossime = std::mem::take(&mut self.prossime);
        while let Some(attesa) = prossime.next() {
            numero += 1;
            let Some(attesa) = attesa else { continue };
            match attesa.send(Self { numero, prossime }) {
                Ok(()) => return,
                // Whoever does not wait any more has no answer to send.
                Err(mut avviso) => prossime = std::mem::take(&mut avviso.prossime),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn each_is_told_its_number_even_if_others_have_gone_away() {
        let (senders, mut receivers): (Vec<_>, Vec<_>) = (0..6).map(|_| oneshot::channel()).unzip();
        let mut attese: Vec<CommitWaiter> = senders.into_iter().map(Some).collect();
        // The second has no waiter, the third has gone.
        attese[1] = None;
        drop(receivers.remove(2));
        CommitNotice::announce(10, attese);
        let mut receivers = receivers.into_iter();
        let mut next = || receivers.next().unwrap();
        assert_eq!(next().await.unwrap().number(), 10);
        assert!(next().await.is_err());
        let mut fourth = next();
        assert_eq!(fourth.try_recv().unwrap().number(), 13);
        // Told, and gone before it heard.
        drop(next());
        assert_eq!(next().await.unwrap().number(), 15);
    }
}
