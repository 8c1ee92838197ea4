use futures_util::{FutureExt as _, StreamExt as _};
use http_body_util::{BodyExt as _, StreamBody};
use tokio_stream::wrappers::UnboundedReceiverStream;
use tonic::Code;

use super::*;

fn frames() -> (
    CancellableBody,
    tokio::sync::mpsc::UnboundedSender<&'static str>,
) {
    let (sender, receiver) = tokio::sync::mpsc::unbounded_channel();
    let frames = UnboundedReceiverStream::new(receiver)
        .map(|text: &str| Ok::<_, Status>(Frame::data(Bytes::from(text))));
    let body = Body::new(StreamBody::new(frames));
    let pending = CancelHandle::default().pending();
    (pending.wrap(body).unwrap(), sender)
}

#[tokio::test]
async fn it_is_the_body_until_it_is_taken_away_and_then_the_status() {
    let (mut body, sender) = frames();
    let handle = body.0.clone();
    sender.send("one").unwrap();
    let one = body.frame().await.unwrap().unwrap();
    assert_eq!(one.into_data().unwrap(), "one");
    sender.send("never sent").unwrap();

    handle.cancel(Status::permission_denied("revoked"));
    handle.cancel(Status::internal("too late"));
    assert!(sender.is_closed(), "whoever fills it is told");
    let last = body
        .frame()
        .await
        .unwrap()
        .unwrap()
        .into_trailers()
        .unwrap();
    let status = Status::from_header_map(&last).unwrap();
    assert_eq!(
        (status.code(), status.message()),
        (Code::PermissionDenied, "revoked")
    );
    assert!(http_body::Body::is_end_stream(&body));
    assert!(body.frame().await.is_none());
}

#[tokio::test]
async fn who_waits_is_woken() {
    let (mut body, _sender) = frames();
    let handle = body.0.clone();
    let mut next = Box::pin(body.frame());
    assert!((&mut next).now_or_never().is_none());
    let waits = tokio::spawn(async move {
        tokio::task::yield_now().await;
        handle.cancel(Status::permission_denied("revoked"));
    });
    assert!(next.await.unwrap().unwrap().is_trailers());
    waits.await.unwrap();
}

#[tokio::test]
async fn what_is_held_is_given_back_however_it_ends() {
    for how in 0..4 {
        let handle = CancelHandle::default();
        let (held, mut given_back) = tokio::sync::oneshot::channel::<()>();
        let pending = handle.pending();
        handle.hold(held);
        assert!((&mut given_back).now_or_never().is_none());
        let body = Body::empty();
        match how {
            // No body ever came.
            0 => drop(pending),
            1 => handle.cancel(Status::permission_denied("revoked")),
            2 => drop(pending.wrap(body)),
            _ => {
                let body = pending.wrap(body);
                handle.cancel(Status::permission_denied("revoked"));
                assert!(given_back.await.is_err());
                drop(body);
                handle.finished().await;
                continue;
            }
        }
        assert!(given_back.await.is_err(), "{how}");
    }
}

#[tokio::test]
async fn a_long_message_goes_out_in_pieces_and_whole_though_it_is_taken_away() {
    let long = Bytes::from(
        (0..3 * LARGE)
            .map(|n| n.to_le_bytes()[0])
            .collect::<Vec<_>>(),
    );
    for cut in [false, true] {
        let whole = Body::new(http_body_util::Full::new(long.clone()));
        let handle = CancelHandle::default();
        let mut body = handle.pending().wrap(whole).unwrap();
        assert!(handle.stalled_since().is_none());
        let mut pieces = Vec::new();
        let mut got = Vec::new();
        while let Some(frame) = body.frame().await {
            let frame = frame.unwrap();
            let Some(piece) = frame.data_ref() else {
                assert!(cut && frame.is_trailers());
                break;
            };
            assert!(handle.stalled_since().is_some());
            pieces.push(piece.len());
            got.extend_from_slice(piece);
            if cut {
                handle.cancel(Status::permission_denied("revoked"));
            }
        }
        assert!(got == long, "{cut}");
        assert_eq!(pieces[..3], [SMALL, 2 * SMALL, 4 * SMALL]);
        assert!(pieces.iter().all(|piece| *piece <= LARGE));
    }
}
