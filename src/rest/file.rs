//! A file as a browser or `curl -C -` wants it: a name, a type, a strong ETag, and ranges.
//!
//! ```text
//! first message ──► intestazione: name, type, rilevazione ──► ETag
//!     │  the ETag is known, and so is the file: its size, its digest
//!     ├─ GET                    200, all pezzi
//!     ├─ GET, Range: bytes=N-   206, the pezzi from byte N on, of the same stream
//!     ├─ GET, Range beyond it   416
//!     └─ HEAD, If-None-Match    no pezzi
//! ```
//!
//! A range needs the size, which is known once the file was made whole ([`KnownFiles`]). Where it was not yet, it is made once more than it is
//! sent. `Repr-Digest` (RFC 9530) is of the whole file: a header where it is known, else a trailer.

use std::{collections::VecDeque, sync::Arc};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use futures_util::{Stream, stream};
use http::{
    HeaderMap, HeaderName, HeaderValue, Response, StatusCode,
    header::{
        ACCEPT_RANGES, CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_RANGE,
        CONTENT_TYPE, ETAG, TRAILER,
    },
};
use http_body::Frame;
use http_body_util::StreamBody;
use prost::Message;
use quick_cache::sync::Cache;
use tonic::{Status, body::Body};

use super::{
    answer::{Frames, keeping},
    condition::{self, ByteRange},
    grpc_call::GrpcCall,
    refusal::{NoAnswer, Refusal},
};
use crate::{
    contract::proto::{IntestazioneFile, PezzoFile},
    error::Error,
};

const REPR_DIGEST: HeaderName = HeaderName::from_static("repr-digest");
/// Files whose size is kept in mind: some hundred bytes each.
const KEPT: usize = 10_000;

/// Size and SHA-256 of files, by ETag.
#[derive(Debug, Clone)]
pub(super) struct KnownFiles(Arc<Cache<String, KnownFile>>);

/// A file that was made whole.
#[derive(Debug, Clone, PartialEq, Eq)]
struct KnownFile {
    size: u64,
    /// As `Repr-Digest` has it.
    digest: String,
}

/// What every stream of a file sends: the messages of all downloads have this form in common.
#[derive(Clone, PartialEq, Message)]
struct FileMessage {
    #[prost(message, optional, tag = "1")]
    intestazione: Option<IntestazioneFile>,
    #[prost(message, optional, tag = "2")]
    pezzo: Option<PezzoFile>,
    #[prost(message, optional, tag = "3")]
    chiusura: Option<FileEnding>,
}

/// What the last messages have in common.
#[derive(Clone, PartialEq, Message)]
struct FileEnding {
    #[prost(int64, tag = "1")]
    dimensione: i64,
    #[prost(string, tag = "2")]
    sha256: String,
}

/// A file that is about to be sent.
#[derive(Debug)]
pub(super) struct FileAnswer {
    pub(super) frames: Frames,
    pub(super) known: KnownFiles,
    intestazione: IntestazioneFile,
    etag: String,
    kept: bool,
}

impl KnownFiles {
    pub(super) fn new() -> Self {
        Self(Arc::new(Cache::new(KEPT)))
    }
}

impl FileAnswer {
    /// Of a call whose first message is this. From here on the call names the rilevazione that it found. What was asked of whom (`view`)
    /// makes the bytes, with the rilevazione and the release. `kept`: whether the caller may keep it.
    ///
    /// # Errors
    /// It is no such message: a fault of ours.
    pub(super) fn new(
        first: Bytes,
        frames: Frames,
        known: KnownFiles,
        call: &mut GrpcCall,
        view: &str,
        kept: bool,
    ) -> Result<Self, Status> {
        let first = decode(first)?.intestazione;
        let intestazione = first.ok_or_else(|| Error::internal("a file without a beginning"))?;
        if let Some(rilevazione) = &intestazione.rilevazione {
            call.pin(rilevazione.numero);
        }
        let mut text = intestazione.encode_to_vec();
        for part in [call.message(), view.as_bytes()] {
            text.extend_from_slice(&(part.len() as u64).to_be_bytes());
            text.extend_from_slice(part);
        }
        text.extend_from_slice(env!("CARGO_PKG_VERSION").as_bytes());
        Ok(Self {
            frames,
            known,
            intestazione,
            etag: condition::etag(&text),
            kept,
        })
    }

    /// The media type, without parameters.
    pub(super) fn media_type(&self) -> &str {
        let full = &self.intestazione.tipo_contenuto;
        full.split(';').next().unwrap_or_default().trim()
    }

    /// The answer to a request with these headers. `again` makes the call once more: where a range is asked of a file whose size is not
    /// known, its stream is spent on that. Without it the whole file is the answer.
    ///
    /// # Errors
    /// The call's.
    pub(super) async fn response(
        mut self,
        request: &HeaderMap,
        head: bool,
        again: Option<impl AsyncFnOnce() -> Result<Frames, Status>>,
    ) -> Result<Response<Body>, NoAnswer> {
        let mut response = Response::new(Body::empty());
        self.describe(response.headers_mut())?;
        if condition::is_unchanged(request, &self.etag) {
            *response.status_mut() = StatusCode::NOT_MODIFIED;
            return Ok(response);
        }
        let range = match head {
            true => None,
            false => condition::range(request, &self.etag),
        };
        let mut known = self.known.0.get(&self.etag);
        if range.is_some()
            && known.is_none()
            && let Some(again) = again
        {
            while let Some(message) = self.frames.next().await? {
                self.learn(&decode(message)?);
            }
            known = self.known.0.get(&self.etag);
            self.frames = again().await?;
        }
        let headers = response.headers_mut();
        match &known {
            Some(file) => {
                headers.insert(REPR_DIGEST, value(&file.digest)?);
                headers.insert(CONTENT_LENGTH, HeaderValue::from(file.size));
            }
            None => {
                headers.insert(TRAILER, HeaderValue::from_static("repr-digest"));
            }
        }
        if head {
            return Ok(response);
        }
        let (mut from, mut to) = (0, u64::MAX);
        if let (Some(range), Some(file)) = (range, &known) {
            let Some(part) = range.of(file.size) else {
                return Err(Refusal::unsatisfiable(file.size).into());
            };
            let ByteRange { first, last } = part;
            (from, to) = (first, last + 1);
            let told = format!("bytes {first}-{last}/{}", file.size);
            headers.insert(CONTENT_RANGE, value(&told)?);
            headers.insert(CONTENT_LENGTH, HeaderValue::from(to - from));
            *response.status_mut() = StatusCode::PARTIAL_CONTENT;
        }
        let trailer = known.is_none();
        *response.body_mut() = Body::new(StreamBody::new(self.pieces(from, to, trailer)));
        Ok(response)
    }

    fn describe(&self, headers: &mut HeaderMap) -> Result<(), Status> {
        let IntestazioneFile {
            nome,
            tipo_contenuto,
            ..
        } = &self.intestazione;
        // Letters, digits, `-`, `_` and `.` by the contract.
        let disposition = format!("attachment; filename=\"{nome}\"");
        headers.insert(CONTENT_DISPOSITION, value(&disposition)?);
        headers.insert(CONTENT_TYPE, value(tipo_contenuto)?);
        headers.insert(ETAG, value(&self.etag)?);
        headers.insert(ACCEPT_RANGES, HeaderValue::from_static("bytes"));
        headers.insert(CACHE_CONTROL, keeping(self.kept));
        Ok(())
    }

    /// The bytes from one place up to another, of a stream that begins with the file. The last piece waits for the end of the call: with its
    /// size a file is whole, and nobody asks for more, once its last byte is there.
    fn pieces(
        self,
        from: u64,
        to: u64,
        trailer: bool,
    ) -> impl Stream<Item = Result<Frame<Bytes>, Status>> + Send {
        let state = (self, VecDeque::new(), false);
        stream::try_unfold(
            state,
            move |(mut answer, mut ready, mut ended)| async move {
                while !ended && ready.len() < 2 {
                    let Some(message) = answer.frames.next().await? else {
                        break;
                    };
                    let message = decode(message)?;
                    answer.learn(&message);
                    if let Some(end) = message.chiusura {
                        if trailer {
                            ready.push_back(Frame::trailers(trailers(&end.sha256)?));
                        }
                        // What the call itself ends with.
                        ended = answer.frames.next().await?.is_none();
                    }
                    if let Some(piece) = message.pezzo {
                        let begin = piece.offset.cast_unsigned();
                        // More than was asked for: the rest of the call is not.
                        ended = begin >= to;
                        let bytes = part_of(piece.contenuto, begin, from, to);
                        if !bytes.is_empty() {
                            ready.push_back(Frame::data(bytes));
                        }
                    }
                }
                Ok(ready
                    .pop_front()
                    .map(|frame| (frame, (answer, ready, ended))))
            },
        )
    }

    /// Keeps in mind what the last message says.
    fn learn(&self, message: &FileMessage) {
        let Some(FileEnding { dimensione, sha256 }) = &message.chiusura else {
            return;
        };
        if let (Ok(size), Some(digest)) = (u64::try_from(*dimensione), repr_digest(sha256)) {
            let file = KnownFile { size, digest };
            self.known.0.insert(self.etag.clone(), file);
        }
    }
}

/// What of a piece that begins at `begin` lies between two places.
fn part_of(piece: Bytes, begin: u64, from: u64, to: u64) -> Bytes {
    let length = piece.len() as u64;
    let at = |place: u64| {
        let within = place.saturating_sub(begin).min(length);
        // At most the length, which is one of memory.
        usize::try_from(within).unwrap_or(piece.len())
    };
    let (first, last) = (at(from), at(to));
    match first < last {
        true => piece.slice(first..last),
        false => Bytes::new(),
    }
}

fn decode(message: Bytes) -> Result<FileMessage, Status> {
    FileMessage::decode(message).map_err(|error| Error::internal(error).into())
}

fn trailers(sha256: &str) -> Result<HeaderMap, Status> {
    let mut trailers = HeaderMap::new();
    if let Some(digest) = repr_digest(sha256) {
        trailers.insert(REPR_DIGEST, value(&digest)?);
    }
    Ok(trailers)
}

/// Hexadecimal digits as a member of `Repr-Digest`.
fn repr_digest(sha256: &str) -> Option<String> {
    let bytes: Option<Vec<u8>> = (0..sha256.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(sha256.get(at..at + 2)?, 16).ok())
        .collect();
    Some(format!("sha-256=:{}:", STANDARD.encode(bytes?)))
}

fn value(text: &str) -> Result<HeaderValue, Status> {
    HeaderValue::from_str(text).map_err(|error| Error::internal(error).into())
}
