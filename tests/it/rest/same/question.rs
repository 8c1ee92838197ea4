//! A question to a call of the contract, whatever the call: by its descriptor, over gRPC as it is framed.

use std::{fmt, sync::OnceLock};

use bytes::{BufMut as _, Bytes, BytesMut};
use http::{HeaderMap, Request};
use http_body_util::{BodyExt as _, Full};
use omnia::contract::proto::{FILE_DESCRIPTOR_SET, PACKAGE};
use prost::Message;
use prost_reflect::{DescriptorPool, DynamicMessage, MethodDescriptor};
use tonic::{Code, Status, body::Body, transport::Channel};
use tower::ServiceExt as _;

/// The descriptors of the contract.
pub(crate) fn contract() -> &'static DescriptorPool {
    static POOL: OnceLock<DescriptorPool> = OnceLock::new();
    POOL.get_or_init(|| DescriptorPool::decode(FILE_DESCRIPTOR_SET).unwrap())
}

/// Its call of this name: `"DecreeService/ListDecrees"`.
pub(crate) fn call_named(rpc: &str) -> MethodDescriptor {
    let (service, method) = rpc.split_once('/').unwrap();
    let service = contract().get_service_by_name(&format!("{PACKAGE}.{service}"));
    let service = service.unwrap_or_else(|| panic!("{rpc} is no call of the contract"));
    let mut methods = service.methods();
    methods.find(|call| call.name() == method).unwrap()
}

/// What is asked.
#[derive(Clone)]
pub(crate) struct Question {
    pub(crate) call: MethodDescriptor,
    pub(crate) message: DynamicMessage,
}

/// As a failure is to tell it: without the descriptors.
impl fmt::Debug for Question {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.rpc(), self.message)
    }
}

/// By whom, from where, in which trace.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Sender<'a> {
    pub(crate) token: Option<&'a str>,
    /// What a proxy says of it.
    pub(crate) address: Option<&'a str>,
    pub(crate) trace: Option<u128>,
}

impl Sender<'_> {
    /// What says so in a request.
    pub(crate) fn headers(&self) -> HeaderMap {
        let mut headers = HeaderMap::new();
        let mut insert = |name: &'static str, value: String| {
            headers.insert(name, value.parse().unwrap());
        };
        if let Some(token) = self.token {
            insert("authorization", format!("Bearer {token}"));
        }
        if let Some(address) = self.address {
            insert("x-forwarded-for", address.to_owned());
        }
        if let Some(trace) = self.trace {
            insert(
                "traceparent",
                format!("00-{trace:032x}-00000000000000ff-00"),
            );
        }
        headers
    }
}

impl Question {
    /// One that is known when the test is written.
    pub(crate) fn of(rpc: &str, message: &impl Message) -> Self {
        let call = call_named(rpc);
        let bytes = message.encode_to_vec();
        let message = DynamicMessage::decode(call.input(), bytes.as_slice()).unwrap();
        Self { call, message }
    }

    /// The name of the call.
    pub(crate) fn rpc(&self) -> String {
        format!("{}/{}", self.call.parent_service().name(), self.call.name())
    }

    /// The messages of an answer that went well, or the refusal.
    pub(crate) async fn by_grpc(
        &self,
        channel: &Channel,
        sender: &Sender<'_>,
    ) -> Result<Vec<DynamicMessage>, Status> {
        let service = self.call.parent_service();
        let path = format!("/{}/{}", service.full_name(), self.call.name());
        let mut request = Request::post(path)
            .header("content-type", "application/grpc")
            .header("te", "trailers")
            .body(Body::new(Full::from(framed(&self.message))))
            .unwrap();
        request.headers_mut().extend(sender.headers());
        let response = channel.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        assert_eq!(parts.status, 200, "{self:?}");
        let body = body.collect().await.unwrap();
        let trailers = || body.trailers().and_then(Status::from_header_map);
        let status = Status::from_header_map(&parts.headers).or_else(trailers);
        let status = status.unwrap_or_else(|| panic!("no status: {self:?}"));
        let messages = unframed(body.to_bytes());
        if status.code() != Code::Ok {
            assert!(messages.is_empty(), "{self:?} broke off: {status}");
            return Err(status);
        }
        let decode = |bytes: Bytes| DynamicMessage::decode(self.call.output(), bytes).unwrap();
        Ok(messages.into_iter().map(decode).collect())
    }
}

fn framed(message: &DynamicMessage) -> Bytes {
    let bytes = message.encode_to_vec();
    let mut frame = BytesMut::new();
    frame.put_u8(0);
    frame.put_u32(u32::try_from(bytes.len()).unwrap());
    frame.put_slice(&bytes);
    frame.freeze()
}

fn unframed(mut frames: Bytes) -> Vec<Bytes> {
    let mut messages = Vec::new();
    while !frames.is_empty() {
        let head = frames.split_to(5);
        assert_eq!(head[0], 0, "nobody asked for compression");
        let length = u32::from_be_bytes(head[1..].try_into().unwrap());
        messages.push(frames.split_to(length.try_into().unwrap()));
    }
    messages
}
