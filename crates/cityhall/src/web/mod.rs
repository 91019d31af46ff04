//! What is served: Open311, the state of the server, a first page; and what every call passes through on its way.

mod health;
mod home;
mod limits;
mod observe;
mod refusal;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use axum::middleware;
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use crate::App;

/// Everything that this program serves.
pub fn router(app: &Arc<App>) -> Router {
    let ours = Router::new()
        .route("/", get(home::page))
        .route("/cityhall.css", get(home::style))
        .route("/healthz", get(health::alive))
        .route("/readyz", get(health::ready))
        .route("/metrics", get(health::metrics))
        .with_state(Arc::clone(app));
    let timeout = Duration::from_secs(app.settings().request_timeout_s);
    Router::new()
        .merge(app.open311())
        .merge(ours)
        .fallback(nothing_here)
        // The limits below are the only ones: axum's own is lifted.
        .layer(DefaultBodyLimit::disable())
        .layer(middleware::from_fn_with_state(Arc::clone(app), limits::keep))
        .layer(middleware::from_fn_with_state(timeout, limits::in_time))
        .layer(middleware::from_fn(limits::survive))
        .layer(middleware::from_fn_with_state(Arc::clone(app), observe::each_call))
}

async fn nothing_here(method: Method, uri: Uri) -> Response {
    let text = match method {
        Method::GET | Method::HEAD => "There is nothing at this address.",
        _ => "Nothing can be sent to this address.",
    };
    refusal::refuse(uri.path(), StatusCode::NOT_FOUND, text)
}

/// An HTML page with the headers that every page has: no script, no frame, no outside host.
fn html(status: StatusCode, page: String) -> Response {
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    let policy = "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    (status, headers, page).into_response()
}
