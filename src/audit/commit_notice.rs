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

/// Where a call waits for its record. `None`: no call waits.
pub(super) type CommitWaiter = Option<oneshot::Sender<CommitNotice>>;

/// The news that a record is committed. Dropping it tells the next call, whether or not this one still listens.
#[derive(Debug)]
pub(super) struct CommitNotice {
    numero: i64,
    next_ones: IntoIter<CommitWaiter>,
}

impl CommitNotice {
    /// Tells those who wait for the records from `before` on, in their order.
    pub(super) fn announce(before: i64, waiters: Vec<CommitWaiter>) {
        drop(Self {
            numero: before - 1,
            next_ones: waiters.into_iter(),
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
        let mut next_ones = std::mem::take(&mut self.next_ones);
        while let Some(waiter) = next_ones.next() {
            numero += 1;
            let Some(waiter) = waiter else { continue };
            match waiter.send(Self { numero, next_ones }) {
                Ok(()) => return,
                // A call that has stopped waiting has no answer to send.
                Err(mut notice) => next_ones = std::mem::take(&mut notice.next_ones),
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
        let mut waiters: Vec<CommitWaiter> = senders.into_iter().map(Some).collect();
        // The second has no waiter, the third has gone.
        waiters[1] = None;
        drop(receivers.remove(2));
        CommitNotice::announce(10, waiters);
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
