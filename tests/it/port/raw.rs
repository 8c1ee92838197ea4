//! A client that does as it is told: no clock of its own, windows that open only by hand.

use std::{marker::PhantomData, net::SocketAddr};

use bytes::{Buf as _, BufMut as _, Bytes, BytesMut};
use h2::{RecvStream, client::SendRequest};
use http::{HeaderMap, Request};
use prost::Message;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    task::JoinHandle,
};
use tonic::Status;

/// A connection.
pub struct RawConnection {
    send: SendRequest<Bytes>,
    driver: JoinHandle<Result<(), h2::Error>>,
}

/// An answer, of which as much is read as is asked for.
pub struct RawAnswer<M> {
    headers: HeaderMap,
    body: RecvStream,
    read: BytesMut,
    message: PhantomData<M>,
    /// The half of the call that asks, which stays open where it is to.
    _request: Option<h2::SendStream<Bytes>>,
}

impl RawConnection {
    pub async fn connect(address: SocketAddr) -> Self {
        Self::with_window(address, 65_535).await
    }

    /// A client that takes no more than `window` of a stream before it is read.
    pub async fn with_window(address: SocketAddr, window: u32) -> Self {
        Self::over(TcpStream::connect(address).await.unwrap(), window).await
    }

    pub async fn over(
        io: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
        window: u32,
    ) -> Self {
        let (send, connection) = h2::client::Builder::new()
            .initial_window_size(window)
            .initial_connection_window_size(8 * 1024 * 1024)
            .handshake::<_, Bytes>(io)
            .await
            .unwrap();
        let driver = tokio::spawn(connection);
        Self { send, driver }
    }

    /// Waits until the server has closed the connection.
    pub async fn closed(self) {
        // With a goodbye or without.
        let _ = self.driver.await.unwrap();
    }

    /// Asks, and waits for the headers of the answer.
    pub async fn call<M: Message + Default>(
        &mut self,
        path: &str,
        headers: &[(&'static str, &str)],
        message: &impl Message,
    ) -> RawAnswer<M> {
        self.ask(path, headers, message, true).await.unwrap()
    }

    /// As [`RawConnection::call`], and leaves the request open: there may be more questions.
    pub async fn ask<M: Message + Default>(
        &mut self,
        path: &str,
        headers: &[(&'static str, &str)],
        message: &impl Message,
        whole: bool,
    ) -> Result<RawAnswer<M>, h2::Error> {
        let mut request = Request::post(format!("http://localhost{path}"))
            .header("content-type", "application/grpc")
            .header("te", "trailers");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let mut framed = BytesMut::new();
        framed.put_u8(0);
        framed.put_u32(u32::try_from(message.encoded_len()).unwrap());
        message.encode(&mut framed).unwrap();
        let mut send = self.send.clone().ready().await?;
        let (answer, mut body) = send.send_request(request.body(()).unwrap(), false)?;
        body.send_data(framed.freeze(), whole)?;
        let (parts, incoming) = answer.await?.into_parts();
        Ok(RawAnswer {
            headers: parts.headers,
            body: incoming,
            read: BytesMut::new(),
            message: PhantomData,
            _request: (!whole).then_some(body),
        })
    }
}

impl<M: Message + Default> RawAnswer<M> {
    /// The next message; `None` at the end.
    pub async fn message(&mut self) -> Result<Option<M>, h2::Error> {
        loop {
            if self.read.len() >= 5 {
                let length = u32::from_be_bytes(self.read[1..5].try_into().unwrap());
                let whole = 5 + usize::try_from(length).unwrap();
                if self.read.len() >= whole {
                    let mut message = self.read.split_to(whole);
                    message.advance(5);
                    return Ok(Some(M::decode(message).unwrap()));
                }
            }
            if !self.take().await? {
                assert!(self.read.is_empty(), "it ends in the middle of a message");
                return Ok(None);
            }
        }
    }

    /// Reads what is there and makes room for as much again; `false` at the end.
    pub async fn take(&mut self) -> Result<bool, h2::Error> {
        let Some(data) = self.body.data().await else {
            return Ok(false);
        };
        let data = data?;
        // Of a stream that has ended there is none to release.
        let _ = self.body.flow_control().release_capacity(data.len());
        self.read.extend_from_slice(&data);
        Ok(true)
    }

    /// Reads to the end: the messages, and the status.
    pub async fn drain(mut self) -> Result<(Vec<M>, Status), h2::Error> {
        let mut messages = Vec::new();
        while let Some(message) = self.message().await? {
            messages.push(message);
        }
        let trailers = self.body.trailers().await?;
        let status = Status::from_header_map(&self.headers)
            .or_else(|| Status::from_header_map(&trailers?))
            .expect("it ends with a status");
        Ok((messages, status))
    }

    /// The status, of an answer that is nothing else or of which the rest does not matter.
    pub async fn status(self) -> Status {
        self.drain().await.unwrap().1
    }
}
