//! The body of an answer on its way to the client.

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use http_body::{Frame, SizeHint};
use tonic::{Status, body::Body};

use super::{calls::CallTask, limits::Busy};

/// A body that tells its connection whether it moves.
#[derive(Debug)]
pub(super) struct ServedBody {
    body: Body,
    /// On HTTP/1.1: the connection is busy for as long as there is a body to send.
    _busy: Option<Busy>,
    /// On HTTP/2: the call, which is told what the client has not taken yet.
    task: Option<CallTask>,
    /// Pieces that were given out.
    given: u64,
}

impl ServedBody {
    pub(super) fn new(body: Body, busy: Option<Busy>, task: Option<CallTask>) -> Self {
        Self {
            body,
            _busy: busy,
            task,
            given: 0,
        }
    }
}

impl http_body::Body for ServedBody {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let this = &mut *self;
        // The next piece is asked for once there is room for it: so the one before was taken.
        let frame = Pin::new(&mut this.body).poll_frame(cx);
        if let Some(task) = &this.task {
            let untaken = match &frame {
                Poll::Ready(Some(_)) => {
                    this.given += 1;
                    this.given
                }
                _ => 0,
            };
            task.offers(untaken);
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
