//! Logs, traces and metrics: set up once, at the start. What the metrics mean is in `docs/metrics.md`.

use crate::config::{LogFormat, Telemetry};
use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};
use opentelemetry::{KeyValue, trace::TracerProvider};
use opentelemetry_otlp::{ExporterBuildError, Protocol, SpanExporter, WithExportConfig};
use opentelemetry_sdk::{Resource, trace::SdkTracerProvider};
use std::{io, time::Duration};
use thiserror::Error;
use tracing_subscriber::{
    EnvFilter, Layer,
    filter::ParseError,
    fmt,
    layer::SubscriberExt,
    util::{SubscriberInitExt, TryInitError},
};

/// From a database's round trip to the longest long poll, in seconds.
const BUCKETS_SECONDS: [f64; 14] = [
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 15.0, 60.0,
];

/// From an event to its delivery, in seconds: retries go on for days.
const LAG_BUCKETS_SECONDS: [f64; 11] = [
    0.02, 0.1, 0.5, 1.0, 5.0, 15.0, 60.0, 600.0, 3_600.0, 21_600.0, 86_400.0,
];

/// The same of each endpoint, of which there may be thousands.
const ENDPOINT_LAG_BUCKETS_SECONDS: [f64; 5] = [0.1, 1.0, 15.0, 600.0, 21_600.0];

/// How often the recorder folds what it collected, so that what nobody scrapes does not grow.
const UPKEEP: Duration = Duration::from_secs(5);

/// Why there is no telemetry.
#[derive(Debug, Error)]
pub enum TelemetryError {
    #[error("log filter: {0}")]
    Filter(#[from] ParseError),
    #[error("logging was set up already: {0}")]
    Twice(#[from] TryInitError),
    #[error("traces: {0}")]
    Traces(#[from] ExporterBuildError),
    #[error("metrics: {0}")]
    Metrics(#[from] BuildError),
}

/// What has to be flushed at the end.
#[derive(Debug)]
pub struct Traces(Option<SdkTracerProvider>);

impl Traces {
    /// Sends what is left. Blocks for some seconds at most.
    pub fn shut_down(&self) {
        if let Some(provider) = &self.0
            && let Err(error) = provider.shutdown()
        {
            tracing::warn!(cause = %error, "the last traces could not be sent");
        }
    }
}

/// Starts logging to standard error, and tracing where an endpoint is given.
pub fn start(settings: &Telemetry) -> Result<Traces, TelemetryError> {
    let filter = EnvFilter::try_new(&settings.log)?;
    let provider = settings
        .otlp_endpoint
        .as_deref()
        .map(tracer_provider)
        .transpose()?;
    let traces = provider
        .as_ref()
        .map(|it| tracing_opentelemetry::layer().with_tracer(it.tracer("pasarela")));
    tracing_subscriber::registry()
        .with(traces)
        .with(lines(settings.log_format))
        .with(filter)
        .try_init()?;
    Ok(Traces(provider))
}

fn lines<S>(format: LogFormat) -> Box<dyn Layer<S> + Send + Sync>
where
    S: tracing::Subscriber + for<'a> tracing_subscriber::registry::LookupSpan<'a>,
{
    let lines = fmt::layer().with_writer(io::stderr);
    match format {
        // One object a line; the innermost span carries the request's id.
        LogFormat::Json => lines.json().flatten_event(true).with_span_list(false).boxed(),
        LogFormat::Pretty => lines.with_target(false).boxed(),
    }
}

fn tracer_provider(endpoint: &str) -> Result<SdkTracerProvider, ExporterBuildError> {
    let exporter = SpanExporter::builder()
        .with_http()
        .with_protocol(Protocol::HttpJson)
        .with_endpoint(endpoint)
        .build()?;
    let resource = Resource::builder()
        .with_service_name("pasarela")
        .with_attribute(KeyValue::new("service.version", env!("CARGO_PKG_VERSION")))
        .build();
    Ok(SdkTracerProvider::builder()
        .with_batch_exporter(exporter)
        .with_resource(resource)
        .build())
}

/// Starts collecting metrics; the handle renders them. Needs a running tokio.
pub fn metrics() -> Result<PrometheusHandle, TelemetryError> {
    let lag = Matcher::Full("pasarela_webhook_lag_seconds".to_owned());
    let endpoint_lag = Matcher::Full("pasarela_webhook_endpoint_lag_seconds".to_owned());
    let recorder = PrometheusBuilder::new()
        .set_buckets_for_metric(lag, &LAG_BUCKETS_SECONDS)?
        .set_buckets_for_metric(endpoint_lag, &ENDPOINT_LAG_BUCKETS_SECONDS)?
        .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &BUCKETS_SECONDS)?
        .install_recorder()?;
    let upkeep = recorder.clone();
    tokio::spawn(async move {
        loop {
            tokio::time::sleep(UPKEEP).await;
            upkeep.run_upkeep();
        }
    });
    Ok(recorder)
}
