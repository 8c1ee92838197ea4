//! What reaches a collector: a real one's services, in this process.

use std::{
    collections::BTreeSet,
    process::{Command, Output},
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use http::{HeaderMap, HeaderValue};
use omnia::{
    telemetry::LogFormat,
    telemetry::{self, Call, Exporter},
};
use opentelemetry_proto::tonic::{
    collector::{
        metrics::v1::{
            ExportMetricsServiceRequest, ExportMetricsServiceResponse,
            metrics_service_server::{MetricsService, MetricsServiceServer},
        },
        trace::v1::{
            ExportTraceServiceRequest, ExportTraceServiceResponse,
            trace_service_server::{TraceService, TraceServiceServer},
        },
    },
    common::v1::{KeyValue, any_value::Value},
    metrics::v1::{HistogramDataPoint, metric::Data, number_data_point},
    trace::v1::Span,
};
use tokio::net::TcpListener;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::{Code, Request, Response, Status, transport::Server};
use tracing_subscriber::layer::SubscriberExt as _;

const PATH: &str = "/inps.omnia.monitoraggio.v1.DecreeService/ListDecrees";
const METHOD: &str = "inps.omnia.monitoraggio.v1.DecreeService/ListDecrees";
const PEER: &str = "[::ffff:192.0.2.7]:4711";
const SCHEMA: &str = "https://opentelemetry.io/schemas/1.45.0";
const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";

/// What has arrived.
#[derive(Clone, Default)]
pub(crate) struct Collector {
    spans: Arc<Mutex<Vec<Span>>>,
    /// What sends, and by which conventions: of every sending.
    resources: Arc<Mutex<Vec<Vec<KeyValue>>>>,
    schemas: Arc<Mutex<Vec<String>>>,
    points: Arc<Mutex<Vec<(String, String, HistogramDataPoint)>>>,
    numbers: Arc<Mutex<Vec<Number>>>,
}

/// The last value of a counter or a gauge.
#[derive(Clone, Debug)]
pub(crate) struct Number {
    pub name: String,
    attributes: Vec<KeyValue>,
    pub value: i64,
}

impl Number {
    pub(crate) fn attribute(&self, key: &str) -> Option<String> {
        text(&self.attributes, key)
    }
}

#[tonic::async_trait]
impl TraceService for Collector {
    async fn export(
        &self,
        request: Request<ExportTraceServiceRequest>,
    ) -> Result<Response<ExportTraceServiceResponse>, Status> {
        for resource in request.into_inner().resource_spans {
            let about = resource.resource.unwrap_or_default().attributes;
            self.resources.lock().unwrap().push(about);
            let mut schemas = self.schemas.lock().unwrap();
            schemas.push(resource.schema_url);
            for scope in resource.scope_spans {
                schemas.push(scope.schema_url);
                self.spans.lock().unwrap().extend(scope.spans);
            }
        }
        Ok(Response::new(Default::default()))
    }
}

#[tonic::async_trait]
impl MetricsService for Collector {
    async fn export(
        &self,
        request: Request<ExportMetricsServiceRequest>,
    ) -> Result<Response<ExportMetricsServiceResponse>, Status> {
        let mut metrics = Vec::new();
        for resource in request.into_inner().resource_metrics {
            let about = resource.resource.unwrap_or_default().attributes;
            self.resources.lock().unwrap().push(about);
            let mut schemas = self.schemas.lock().unwrap();
            schemas.push(resource.schema_url);
            for scope in resource.scope_metrics {
                schemas.push(scope.schema_url);
                metrics.extend(scope.metrics);
            }
        }
        for metric in metrics {
            let numbers = match metric.data {
                Some(Data::Histogram(histogram)) => {
                    let mut points = self.points.lock().unwrap();
                    for point in histogram.data_points {
                        points.push((metric.name.clone(), metric.unit.clone(), point));
                    }
                    continue;
                }
                Some(Data::Sum(sum)) => sum.data_points,
                Some(Data::Gauge(gauge)) => gauge.data_points,
                _ => continue,
            };
            for point in numbers {
                let Some(number_data_point::Value::AsInt(value)) = point.value else {
                    continue;
                };
                self.numbers.lock().unwrap().push(Number {
                    name: metric.name.clone(),
                    attributes: point.attributes,
                    value,
                });
            }
        }
        Ok(Response::new(Default::default()))
    }
}

impl Collector {
    pub(crate) async fn start() -> (Self, String) {
        let collector = Self::default();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let server = Server::builder()
            .add_service(TraceServiceServer::new(collector.clone()))
            .add_service(MetricsServiceServer::new(collector.clone()))
            .serve_with_incoming(TcpListenerStream::new(listener));
        tokio::spawn(server);
        (collector, endpoint)
    }

    /// The counters and gauges of the last sending and those before.
    pub(crate) fn numbers(&self) -> Vec<Number> {
        self.numbers.lock().unwrap().clone()
    }

    fn spans(&self) -> Vec<Span> {
        self.spans.lock().unwrap().clone()
    }
}

fn text(attributes: &[KeyValue], key: &str) -> Option<String> {
    let found = attributes.iter().find(|a| a.key == key)?;
    match found.value.as_ref()?.value.as_ref()? {
        Value::StringValue(text) => Some(text.clone()),
        other => panic!("{key} is {other:?}"),
    }
}

fn traceparent(sampled: bool) -> HeaderMap {
    let mut headers = HeaderMap::new();
    let value = format!("00-{TRACE}-b7ad6b7169203331-0{}", u8::from(sampled));
    headers.insert("traceparent", HeaderValue::from_str(&value).unwrap());
    headers
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Makes the calls under a subscriber of the test's own and sends them all.
async fn send(endpoint: &str, ratio: f64, calls: impl FnOnce()) {
    let exporter = Exporter::start(endpoint, ratio).unwrap();
    let subscriber = tracing_subscriber::registry().with(exporter.layer());
    tracing::subscriber::with_default(subscriber, calls);
    exporter.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_is_a_span_of_its_callers_trace() {
    let (collector, endpoint) = Collector::start().await;
    send(&endpoint, 0.0, || {
        let call = Call::begin(PATH, &traceparent(true), Some(PEER.parse().unwrap()));
        // The libraries' own spans are not ours to send.
        call.span()
            .in_scope(|| tracing::info_span!(target: "h2", "noise").in_scope(|| ()));
        call.end(Code::PermissionDenied);
    })
    .await;
    let spans = collector.spans();
    assert_eq!(spans.len(), 1, "{spans:?}");
    let span = &spans[0];
    assert_eq!((span.name.as_str(), span.kind), (METHOD, 2));
    assert_eq!(hex(&span.trace_id), TRACE);
    assert_eq!(hex(&span.parent_span_id), "b7ad6b7169203331");
    for (key, value) in [
        ("rpc.system.name", Some("grpc")),
        ("rpc.method", Some(METHOD)),
        ("rpc.response.status_code", Some("PERMISSION_DENIED")),
        // A refusal is no fault of ours.
        ("error.type", None),
        ("rpc.method_original", None),
        ("network.peer.address", Some("192.0.2.7")),
    ] {
        assert_eq!(text(&span.attributes, key).as_deref(), value, "{key}");
    }
    let port = span
        .attributes
        .iter()
        .find(|a| a.key == "network.peer.port");
    let port = port.unwrap().value.clone().unwrap().value;
    assert_eq!(port, Some(Value::IntValue(4711)));
    // Where in the program it was made does not show.
    for attribute in &span.attributes {
        let key = attribute.key.as_str();
        assert!(
            !key.starts_with("code.") && !key.starts_with("thread."),
            "{key}"
        );
    }
    let schemas = collector.schemas.lock().unwrap().clone();
    assert_eq!(schemas, [SCHEMA, SCHEMA]);
    assert_ne!(span.status.clone().unwrap_or_default().code, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn faults_and_abandoned_calls_are_seen() {
    let (collector, endpoint) = Collector::start().await;
    send(&endpoint, 1.0, || {
        Call::begin(PATH, &HeaderMap::new(), None).end(Code::Internal);
        drop(Call::begin("/made.up/Path", &HeaderMap::new(), None));
    })
    .await;
    let spans = collector.spans();
    let seen: Vec<_> = spans
        .iter()
        .map(|span| {
            (
                span.name.as_str(),
                text(&span.attributes, "rpc.response.status_code").unwrap(),
                text(&span.attributes, "error.type"),
                span.status.as_ref().map_or(0, |status| status.code),
            )
        })
        .collect();
    let original: Vec<_> = spans
        .iter()
        .map(|span| text(&span.attributes, "rpc.method_original"))
        .collect();
    assert_eq!(original, [None, Some("made.up/Path".to_owned())]);
    let internal = || "INTERNAL".to_owned();
    assert_eq!(
        seen,
        [
            (METHOD, internal(), Some(internal()), 2),
            ("_OTHER", "CANCELLED".to_owned(), None, 0),
        ]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_callers_decision_holds_and_ours_for_the_rest() {
    let malformed = HeaderMap::from_iter([(
        http::HeaderName::from_static("traceparent"),
        HeaderValue::from_static("00-0af7-b7-01"),
    )]);
    for (ratio, headers, expected) in [
        (0.0, HeaderMap::new(), 0),
        (0.0, traceparent(true), 1),
        (0.0, malformed.clone(), 0),
        (1.0, HeaderMap::new(), 1),
        (1.0, traceparent(false), 0),
        (1.0, malformed, 1),
    ] {
        let (collector, endpoint) = Collector::start().await;
        send(&endpoint, ratio, || {
            Call::begin(PATH, &headers, None).end(Code::Ok)
        })
        .await;
        assert_eq!(collector.spans().len(), expected, "{ratio} {headers:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn durations_are_measured_by_method_and_status() {
    let (collector, endpoint) = Collector::start().await;
    let exporter = Exporter::start(&endpoint, 0.0).unwrap();
    let metrics = exporter.rpc_metrics();
    for millis in [3, 300] {
        metrics.record(PATH, Code::Ok, Duration::from_millis(millis));
    }
    metrics.record(PATH, Code::Unavailable, Duration::from_secs(60));
    for n in 0..100 {
        let made_up = format!("/made.up/Path{n}");
        metrics.record(&made_up, Code::Unimplemented, Duration::ZERO);
    }
    exporter.shutdown().await;
    let points = collector.points.lock().unwrap().clone();
    let mut seen: Vec<_> = points
        .iter()
        .map(|(name, unit, point)| {
            assert_eq!(
                (name.as_str(), unit.as_str()),
                ("rpc.server.call.duration", "s")
            );
            assert_eq!(
                text(&point.attributes, "rpc.system.name").as_deref(),
                Some("grpc")
            );
            let get = |key| text(&point.attributes, key);
            let method = get("rpc.method").unwrap();
            let status = get("rpc.response.status_code").unwrap();
            (
                method,
                status,
                get("error.type").is_some(),
                point.count,
                format!("{:.3}", point.sum()),
            )
        })
        .collect();
    seen.sort();
    let row = |method: &str, status: &str, fault, count, sum: &str| {
        (
            method.to_owned(),
            status.to_owned(),
            fault,
            count,
            sum.to_owned(),
        )
    };
    assert_eq!(
        seen,
        [
            row("_OTHER", "UNIMPLEMENTED", true, 100, "0.000"),
            row(METHOD, "OK", false, 2, "0.303"),
            row(METHOD, "UNAVAILABLE", true, 1, "60.000"),
        ]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_collector_that_is_not_there_holds_nothing_up_for_long() {
    let nobody = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", nobody.local_addr().unwrap());
    let begun = Instant::now();
    // Listening, but never answering: worse than refusing.
    send(&endpoint, 1.0, || {
        Call::begin(PATH, &HeaderMap::new(), None).end(Code::Ok)
    })
    .await;
    assert!(
        begun.elapsed() < Duration::from_secs(20),
        "{:?}",
        begun.elapsed()
    );
}

/// The process of its own that [`init_sets_everything_up`] starts: `init` is for a whole process. By itself, without
/// the variable, it is no test.
#[tokio::test(flavor = "multi_thread")]
async fn in_a_process_of_its_own() {
    let Some(endpoint) = std::env::var("PROVA_OTLP").ok() else {
        return;
    };
    let settings = telemetry::TelemetrySettings {
        log: "warn,it=info".to_owned(),
        format: LogFormat::Json,
        otlp_endpoint: Some(endpoint),
        sample_ratio: 1.0,
    };
    let telemetry = telemetry::init(&settings).unwrap();
    let twice = telemetry::init(&telemetry::TelemetrySettings {
        otlp_endpoint: None,
        ..settings
    });
    assert!(
        twice
            .unwrap_err()
            .to_string()
            .contains("cannot start logging")
    );
    let call = Call::begin(PATH, &HeaderMap::new(), None);
    call.span().in_scope(|| tracing::info!(rows = 7, "seen"));
    tracing::debug!("not seen");
    call.end(Code::Ok);
    telemetry.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn init_sets_everything_up() {
    let (collector, endpoint) = Collector::start().await;
    let child = tokio::task::spawn_blocking(move || -> Output {
        Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "telemetry::in_a_process_of_its_own"])
            .arg("--nocapture")
            .env("PROVA_OTLP", endpoint)
            .env("OTEL_SERVICE_NAME", "omnia-collaudo")
            .env(
                "OTEL_RESOURCE_ATTRIBUTES",
                "service.name=other,deployment.environment.name=collaudo",
            )
            .output()
            .unwrap()
    });
    let output = child.await.unwrap();
    let log = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{log}");
    let lines: Vec<serde_json::Value> = log
        .lines()
        .filter(|line| line.starts_with('{'))
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines.len(), 1, "{log}");
    assert_eq!(
        (&lines[0]["message"], &lines[0]["rows"]),
        (&"seen".into(), &7.into())
    );
    assert_eq!(collector.spans().len(), 1);
    let points = collector.points.lock().unwrap();
    assert_eq!((points.len(), points[0].2.count), (1, 1));
    let resources = collector.resources.lock().unwrap();
    let mut instances = BTreeSet::new();
    for resource in resources.iter() {
        for (key, value) in [
            ("service.name", "omnia-collaudo"),
            ("deployment.environment.name", "collaudo"),
            ("service.version", env!("CARGO_PKG_VERSION")),
            ("telemetry.sdk.language", "rust"),
        ] {
            assert_eq!(text(resource, key).as_deref(), Some(value), "{key}");
        }
        instances.insert(text(resource, "service.instance.id").unwrap());
    }
    assert_eq!((resources.len(), instances.len()), (2, 1));
    let schemas = collector.schemas.lock().unwrap();
    assert!(schemas.iter().all(|schema| schema == SCHEMA), "{schemas:?}");
}
