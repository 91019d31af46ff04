//! Log lines on standard error: for people or for machines, and never with personal data.
//!
//! What is logged of a call is its method, the route's template, the status, the time and the request id ([`crate::web`]).
//! Bodies, query values and addresses of callers are not, at any level. The database's and the HTTP client's own lines
//! could hold statements with values, so they are kept at `warn` unless the setting names them.

use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;

use crate::settings::{LogFormat, Settings};

/// Other people's crates that would say too much.
const QUIET: &[&str] = &["sqlx=warn", "sea_orm=warn", "tantivy=warn", "hyper=warn", "hyper_util=warn", "reqwest=warn", "object_store=warn"];

/// Starts logging for this process. A second start (several servers in one test) changes nothing.
pub fn start(settings: &Settings) {
    start_to(settings, std::io::stderr);
}

/// As [`start`], into another writer.
pub fn start_to<W: for<'w> MakeWriter<'w> + Send + Sync + 'static>(settings: &Settings, writer: W) {
    let directives = QUIET.iter().copied().chain([settings.log_level.as_str()]).collect::<Vec<_>>().join(",");
    let filter = EnvFilter::new(directives);
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(writer).with_target(true);
    let started = match settings.log_format {
        LogFormat::Text => lines.with_ansi(std::io::IsTerminal::is_terminal(&std::io::stderr())).try_init(),
        LogFormat::Json => lines.json().flatten_event(true).with_current_span(false).with_span_list(false).try_init(),
    };
    if started.is_err() {
        tracing::debug!("logging had been started before");
    }
}
