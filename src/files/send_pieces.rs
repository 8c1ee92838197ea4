//! The pieces of a file on their way to a client.

use super::FilePiece;
use crate::{contract::proto::PezzoFile, error::Result, grpc::stream_task::StreamSender};

/// Sends pieces, each with the offset that a download can go on from after it.
///
/// # Errors
/// As [`StreamSender::send`].
pub async fn send_pieces<M>(
    sender: &StreamSender<M>,
    pieces: Vec<FilePiece>,
    message: impl Fn(PezzoFile) -> M,
) -> Result<()> {
    for piece in pieces {
        let (rows, resume) = (piece.rows, ("offset", piece.end().to_string()));
        sender
            .send_resumable(message(piece.into()), rows, resume)
            .await?;
    }
    Ok(())
}
