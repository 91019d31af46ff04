//! What is told of each call: a request id in the answer, one log line, and figures for `/metrics`. Of what the caller
//! sent only the method shows; the route is its template, so no number, key or name gets into a log.

use std::sync::Arc;
use std::time::Instant;

use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderName, HeaderValue};
use axum::middleware::Next;
use axum::response::Response;
use open311::CallName;
use uuid::Uuid;

use crate::App;

/// The header with the id of a call, which the log line has too.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Watches one call.
pub(super) async fn each_call(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let from = Instant::now();
    let id = request_id(&request).unwrap_or_else(|| app.ids().next());
    let method = method(&request);
    let route = request.extensions().get::<MatchedPath>().map_or("unmatched", MatchedPath::as_str).to_owned();
    app.meter().call_began();
    let mut response = next.run(request).await;
    let taken = from.elapsed();
    // Open311 reads its own addresses; its answer says which call it was.
    let route = response.extensions().get::<CallName>().map_or(route, |call| format!("open311/{}", call.0));
    app.meter().call_ended(method, &route, response.status(), taken);
    let status = response.status().as_u16();
    let ms = u64::try_from(taken.as_millis()).unwrap_or(u64::MAX);
    // Probes and scrapes come every few seconds and say nothing.
    if status >= 500 {
        tracing::error!(target: "cityhall::http", %method, route, status, ms, %id, "call failed");
    } else if matches!(route.as_str(), "/healthz" | "/readyz" | "/metrics") {
        tracing::debug!(target: "cityhall::http", %method, route, status, ms, %id, "call");
    } else {
        tracing::info!(target: "cityhall::http", %method, route, status, ms, %id, "call");
    }
    if let Ok(id) = HeaderValue::from_str(&id.to_string()) {
        response.headers_mut().insert(REQUEST_ID, id);
    }
    response
}

/// The id that a proxy in front has given, when it is a UUID. Any other text could be somebody's name.
fn request_id(request: &Request) -> Option<Uuid> {
    Uuid::try_parse(request.headers().get(REQUEST_ID)?.to_str().ok()?).ok()
}

/// The method, when it is a usual one: callers can make others up.
fn method(request: &Request) -> &'static str {
    const USUAL: [&str; 8] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"];
    USUAL.into_iter().find(|usual| *usual == request.method().as_str()).unwrap_or("OTHER")
}
