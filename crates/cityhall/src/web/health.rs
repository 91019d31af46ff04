//! The state of the server, for the machines that watch it.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use crate::App;

/// `GET /healthz`: the process lives. Asks nothing of the database, so that a database's fault restarts no server.
pub(super) async fn alive() -> &'static str {
    "alive\n"
}

/// `GET /readyz`: calls may be sent here: the database answers, its tables are up to date, and the program is not stopping.
pub(super) async fn ready(State(app): State<Arc<App>>) -> Response {
    match app.ready().await {
        Ok(()) => (StatusCode::OK, "ready\n").into_response(),
        Err(why) => (StatusCode::SERVICE_UNAVAILABLE, format!("not ready: {why}\n")).into_response(),
    }
}

/// `GET /metrics`: figures in Prometheus' text form.
pub(super) async fn metrics(State(app): State<Arc<App>>) -> Response {
    let figures = app.meter().render(&app).await;
    ([(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8"))], figures).into_response()
}
