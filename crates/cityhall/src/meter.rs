//! Figures about this node for `/metrics`, in Prometheus' form. Labels are method, route template, status, kind and name
//! of a follower: never what a caller sent.

use std::sync::OnceLock;
use std::time::Duration;

use axum::http::StatusCode;
use metrics::{counter, gauge, histogram};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};

use crate::App;

const SECONDS: &str = "cityhall_http_request_seconds";
const CALLS: &str = "cityhall_http_requests_total";
const IN_HAND: &str = "cityhall_http_requests_in_hand";
const INTAKE: &str = "cityhall_intake_total";
/// Upper bounds of the histogram, in seconds: from a read in memory to a call that is given up.
const BOUNDS: &[f64] = &[0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0];

/// The process keeps its figures in one place, however many servers run in it.
static RECORDER: OnceLock<Option<PrometheusHandle>> = OnceLock::new();

/// Counts what happens and writes it out.
#[derive(Clone)]
pub struct Meter(Option<PrometheusHandle>);

impl Meter {
    /// Starts counting for this process, if nothing else does.
    #[must_use]
    pub fn start() -> Self {
        let handle = RECORDER.get_or_init(|| {
            let builder = PrometheusBuilder::new().set_buckets_for_metric(Matcher::Full(SECONDS.to_owned()), BOUNDS);
            match builder.and_then(PrometheusBuilder::install_recorder) {
                Ok(handle) => {
                    describe();
                    Some(handle)
                }
                Err(error) => {
                    tracing::warn!(%error, "no figures are kept: /metrics stays empty");
                    None
                }
            }
        });
        Self(handle.clone())
    }

    pub(crate) fn call_began(&self) {
        gauge!(IN_HAND).increment(1.0);
    }

    pub(crate) fn call_ended(&self, method: &'static str, route: &str, status: StatusCode, taken: Duration) {
        gauge!(IN_HAND).decrement(1.0);
        let status = status.as_u16();
        histogram!(SECONDS, "method" => method, "route" => route.to_owned(), "status" => status.to_string()).record(taken.as_secs_f64());
        counter!(CALLS, "method" => method, "route" => route.to_owned(), "status" => status.to_string()).increment(1);
        // What comes in: a request or an update over Open311, taken or refused.
        if method == "POST" && route.starts_with("open311/") {
            let outcome = match status {
                200..=299 => "taken",
                400..=499 => "refused",
                _ => "failed",
            };
            counter!(INTAKE, "channel" => "open311", "outcome" => outcome).increment(1);
        }
    }

    /// All figures as text. What lies in the database is looked up now; a fault there leaves those lines out.
    pub(crate) async fn render(&self, app: &App) -> String {
        let Some(handle) = &self.0 else { return String::new() };
        let times = app.db().write_times();
        counter!("cityhall_db_writes_total", "outcome" => "kept").absolute(times.kept);
        counter!("cityhall_db_writes_total", "outcome" => "undone").absolute(times.undone);
        gauge!("cityhall_db_write_seconds_total").set(times.total.as_secs_f64());
        if let Some(bytes) = resident_bytes() {
            gauge!("process_resident_memory_bytes").set(lossy(bytes));
        }
        gauge!("cityhall_info", "version" => env!("CARGO_PKG_VERSION"), "engine" => app.db().engine().name()).set(1.0);
        self.jobs(app).await;
        self.followers(app).await;
        handle.run_upkeep();
        handle.render()
    }

    async fn jobs(&self, app: &App) {
        let depths = match jobs::depth(app.db().read()).await {
            Ok(depths) => depths,
            Err(error) => {
                tracing::warn!(%error, "the queue of jobs could not be counted");
                return;
            }
        };
        // A state that has emptied since the last look is not in the answer.
        for kind in depths.iter().map(|depth| &depth.kind).chain(std::iter::once(&"any".to_owned())) {
            for state in jobs::State::ALL.into_iter().filter(|state| *state != jobs::State::Done) {
                let count: u64 = depths.iter().filter(|d| d.state == state && (kind == "any" || d.kind == *kind)).map(|d| d.count).sum();
                gauge!("cityhall_jobs", "kind" => kind.clone(), "state" => state.as_str()).set(lossy(count));
            }
        }
    }

    async fn followers(&self, app: &App) {
        match events::lag(app.db()).await {
            Ok(lags) => {
                let now = app.clock().now().millis();
                for lag in lags {
                    let behind = lag.waiting_since.map_or(0, |since| (now - since.millis()).max(0));
                    let labels = [("follower", lag.follower.clone()), ("jurisdiction", lag.jurisdiction.to_string())];
                    gauge!("cityhall_follower_events_waiting", &labels).set(lossy(lag.waiting));
                    gauge!("cityhall_follower_behind_seconds", &labels).set(lossy(behind.unsigned_abs()) / 1000.0);
                    gauge!("cityhall_follower_failures", &labels).set(f64::from(lag.failures));
                }
            }
            Err(error) => tracing::warn!(%error, "the followers could not be looked at"),
        }
    }
}

fn describe() {
    use metrics::{describe_counter, describe_gauge, describe_histogram};
    describe_histogram!(SECONDS, "Time from a call's arrival to its answer, in seconds");
    describe_counter!(CALLS, "Calls answered");
    describe_gauge!(IN_HAND, "Calls being answered now");
    describe_counter!(INTAKE, "Requests and updates sent to this node, by what became of them");
    describe_counter!("cityhall_db_writes_total", "Transactions of this node: kept, or undone as a whole");
    describe_gauge!("cityhall_db_write_seconds_total", "Time of all these transactions together, the wait for other writers included");
    describe_gauge!("process_resident_memory_bytes", "Memory of this process");
    describe_gauge!("cityhall_info", "1; the labels tell version and engine");
    describe_gauge!("cityhall_jobs", "Jobs of all nodes by kind and state; kind any is their sum");
    describe_gauge!("cityhall_follower_events_waiting", "Events that a follower has not taken yet, counted up to 10,000");
    describe_gauge!("cityhall_follower_behind_seconds", "Age of the first event that a follower has not taken yet");
    describe_gauge!("cityhall_follower_failures", "How often in a row a follower's next batch failed");
}

#[expect(clippy::cast_precision_loss, reason = "figures for a chart")]
fn lossy(count: u64) -> f64 {
    count as f64
}

/// Memory of this process that is in use, in bytes, where the system tells it (Linux: `/proc/self/status`, in KiB).
#[must_use]
pub fn resident_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok().map(|kib| kib * 1024)
}
