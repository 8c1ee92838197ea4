//! What the libraries that send traces and metrics say of a collector that is not there: the same at every sending, for as long as
//! it lasts. Each thing that they say is let through once, and then rarely (as [`super::FailureLog`] does for what is ours).

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use tracing::{Metadata, Subscriber, subscriber::Interest};
use tracing_subscriber::{
    filter::dynamic_filter_fn,
    layer::{Context, Filter},
};

const RARELY: Duration = Duration::from_secs(600);

/// Lets everything through but the repetitions of those libraries.
pub(super) fn rarely<S: Subscriber>() -> impl Filter<S> {
    // Names of events are constants of the libraries: there are some dozens.
    let told: Mutex<HashMap<&'static str, Instant>> = Mutex::default();
    dynamic_filter_fn(move |metadata: &Metadata<'_>, _: &Context<'_, S>| {
        if !concerns(metadata) {
            return true;
        }
        let now = Instant::now();
        let mut told = told.lock().unwrap_or_else(PoisonError::into_inner);
        let again = told
            .get(metadata.name())
            .is_some_and(|last| now - *last < RARELY);
        if !again {
            told.insert(metadata.name(), now);
        }
        !again
    })
    .with_callsite_filter(|metadata| match concerns(metadata) {
        true => Interest::sometimes(),
        false => Interest::always(),
    })
}

fn concerns(metadata: &Metadata<'_>) -> bool {
    metadata.target().starts_with("opentelemetry")
}

#[cfg(test)]
mod tests {
    use std::{
        io,
        sync::{Arc, Mutex},
    };

    use tracing_subscriber::{
        EnvFilter, Layer as _, filter::FilterExt as _, layer::SubscriberExt as _,
    };

    #[derive(Clone, Default)]
    struct Written(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Written {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_collector_that_is_not_there_is_told_once() {
        let written = Written::default();
        let writer = written.clone();
        let filter = EnvFilter::new("info").and(super::rarely());
        let lines = tracing_subscriber::fmt::layer().with_writer(move || writer.clone());
        let subscriber = tracing_subscriber::registry().with(lines.with_filter(filter));
        tracing::subscriber::with_default(subscriber, || {
            for _ in 0..50 {
                tracing::error!(name: "Export.Error", target: "opentelemetry_sdk", "not sent");
                tracing::error!(name: "Export.Other", target: "opentelemetry-otlp", "not there");
                tracing::debug!(name: "Export.Detail", target: "opentelemetry_sdk", "detail");
                tracing::info!("ours");
            }
        });
        let text = String::from_utf8(written.0.lock().unwrap().clone()).unwrap();
        let count = |what: &str| text.lines().filter(|line| line.contains(what)).count();
        assert_eq!(
            (count("not sent"), count("not there"), count("detail")),
            (1, 1, 0),
            "{text}"
        );
        assert_eq!(count("ours"), 50);
    }
}
