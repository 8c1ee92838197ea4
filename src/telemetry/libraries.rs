//! What the libraries that send traces and metrics say of a collector that is not there: the same at every sending, for as long as
//! it lasts. Each thing that they say is let through once, and then rarely (as [`super::FailureLog`] does for what is ours).

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use tracing::{
    Metadata, Subscriber,
    level_filters::LevelFilter,
    span::{Attributes, Id, Record},
    subscriber::Interest,
};
use tracing_subscriber::{
    EnvFilter,
    layer::{Context, Filter},
};

const RARELY: Duration = Duration::from_secs(600);

/// Lets through what `0` does, but the repetitions of those libraries.
///
/// Combined by `FilterExt::and` the two would have no level that holds for all: then every call makes a span, at whatever level the
/// log is. So everything but the look at their events is the filter's of the settings.
pub(super) struct Rarely {
    settings: EnvFilter,
    /// Names of events are constants of the libraries: there are some dozens.
    told: Mutex<HashMap<&'static str, Instant>>,
}

impl Rarely {
    pub(super) fn new(settings: EnvFilter) -> Self {
        Self {
            settings,
            told: Mutex::default(),
        }
    }

    fn is_due(&self, metadata: &Metadata<'_>) -> bool {
        if !concerns(metadata) {
            return true;
        }
        let now = Instant::now();
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        let again = told
            .get(metadata.name())
            .is_some_and(|last| now - *last < RARELY);
        if !again {
            told.insert(metadata.name(), now);
        }
        !again
    }
}

/// An event of one of those libraries.
fn concerns(metadata: &Metadata<'_>) -> bool {
    metadata.is_event() && metadata.target().starts_with("opentelemetry")
}

impl<S: Subscriber> Filter<S> for Rarely {
    fn enabled(&self, metadata: &Metadata<'_>, context: &Context<'_, S>) -> bool {
        Filter::enabled(&self.settings, metadata, context) && self.is_due(metadata)
    }

    fn callsite_enabled(&self, metadata: &'static Metadata<'static>) -> Interest {
        let interest = Filter::<S>::callsite_enabled(&self.settings, metadata);
        if interest.is_always() && concerns(metadata) {
            // Each time anew.
            return Interest::sometimes();
        }
        interest
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Filter::<S>::max_level_hint(&self.settings)
    }

    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        Filter::on_new_span(&self.settings, attributes, id, context);
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        Filter::on_record(&self.settings, id, values, context);
    }

    fn on_enter(&self, id: &Id, context: Context<'_, S>) {
        Filter::on_enter(&self.settings, id, context);
    }

    fn on_exit(&self, id: &Id, context: Context<'_, S>) {
        Filter::on_exit(&self.settings, id, context);
    }

    fn on_close(&self, id: Id, context: Context<'_, S>) {
        Filter::on_close(&self.settings, id, context);
    }
}

#[cfg(test)]
mod tests {
    use std::{
        io,
        sync::{Arc, Mutex},
    };

    use tracing_subscriber::{EnvFilter, Layer as _, layer::SubscriberExt as _};

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
        let filter = super::Rarely::new(EnvFilter::new("info"));
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

    /// The path of a call must not pay for spans that are not exported.
    #[test]
    fn the_level_of_the_settings_holds_for_all() {
        let filter = super::Rarely::new(EnvFilter::new("warn"));
        let lines = tracing_subscriber::fmt::layer().with_writer(std::io::sink);
        let subscriber = tracing_subscriber::registry().with(lines.with_filter(filter));
        assert_eq!(
            tracing::Subscriber::max_level_hint(&subscriber),
            Some(tracing::level_filters::LevelFilter::WARN)
        );
    }
}
