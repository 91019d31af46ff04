//! What a call may cost: the length of its body, the time of its answer; and that a fault in one call ends only that one.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, BodyDataStream, HttpBody as _};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::Response;
use futures::{FutureExt, StreamExt};
use tokio::sync::watch;

use super::refusal::refuse;
use crate::App;

/// What is read and thrown away of a refused body, so that a sender that does not look up while sending gets the answer.
const DRAIN_BYTES: usize = 256 * 1024 * 1024;
const DRAIN_TIME: Duration = Duration::from_secs(15);

/// Refuses a body that is too long: at once where its length is told, else as soon as it shows.
pub(super) async fn keep(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let settings = app.settings();
    let limit_kb = if is_multipart(request.headers()) { settings.upload_limit_kb } else { settings.form_limit_kb };
    let limit = limit_kb.saturating_mul(1024);
    let told = request.headers().get(header::CONTENT_LENGTH).and_then(|v| v.to_str().ok()).and_then(|v| v.parse::<u64>().ok());
    if told.is_some_and(|told| told > u64::try_from(limit).unwrap_or(u64::MAX)) {
        let (parts, body) = request.into_parts();
        tokio::spawn(drain(body.into_data_stream()));
        return too_large(parts.uri.path(), limit_kb);
    }
    if request.body().is_end_stream() {
        return next.run(request).await;
    }
    let path = request.uri().path().to_owned();
    let (passed, was_passed) = watch::channel(false);
    let response = next.run(request.map(|body| limited(body, limit, passed))).await;
    // Whatever the room made of the cut body: the reason was its length.
    if *was_passed.borrow() { too_large(&path, limit_kb) } else { response }
}

/// The body, cut off with an error where it passes the limit; the rest is then read and thrown away.
fn limited(body: Body, limit: usize, passed: watch::Sender<bool>) -> Body {
    let start = (body.into_data_stream(), limit, passed);
    Body::from_stream(futures::stream::try_unfold(start, |(mut pieces, left, passed)| async move {
        let Some(piece) = pieces.next().await.transpose()? else { return Ok(None) };
        match left.checked_sub(piece.len()) {
            Some(left) => Ok(Some((piece, (pieces, left, passed)))),
            None => {
                passed.send_replace(true);
                tokio::spawn(drain(pieces));
                Err(axum::Error::new(std::io::Error::other("the body is too long")))
            }
        }
    }))
}

fn is_multipart(headers: &HeaderMap) -> bool {
    headers.get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).is_some_and(|v| v.trim_start().to_ascii_lowercase().starts_with("multipart/"))
}

fn too_large(path: &str, limit_kb: usize) -> Response {
    let limit = if limit_kb.is_multiple_of(1024) { format!("{} MB", limit_kb / 1024) } else { format!("{limit_kb} KB") };
    let mut response = refuse(path, StatusCode::PAYLOAD_TOO_LARGE, &format!("What was sent is too large: at most {limit} are taken here."));
    response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    response
}

async fn drain(mut stream: BodyDataStream) {
    let mut left = DRAIN_BYTES;
    let all = async {
        while let Some(Ok(piece)) = stream.next().await {
            left = left.saturating_sub(piece.len());
            if left == 0 {
                break;
            }
        }
    };
    // When the time is up the connection is cut; there is nobody to tell.
    let _ = tokio::time::timeout(DRAIN_TIME, all).await;
}

/// Gives a call up that takes too long. What it had begun to write goes on or is undone as a whole: see [`db::Db::write`].
pub(super) async fn in_time(State(limit): State<Duration>, request: Request, next: Next) -> Response {
    let path = request.uri().path().to_owned();
    match tokio::time::timeout(limit, next.run(request)).await {
        Ok(response) => response,
        Err(_) => refuse(
            &path,
            StatusCode::SERVICE_UNAVAILABLE,
            "This took too long. Please try again in a moment; a repeated request with the same idempotency key is not doubled.",
        ),
    }
}

/// Turns a panic in one call into an answer of 500. The panic's own text goes to the log through the panic hook.
pub(super) async fn survive(request: Request, next: Next) -> Response {
    let path = request.uri().path().to_owned();
    match AssertUnwindSafe(next.run(request)).catch_unwind().await {
        Ok(response) => response,
        Err(_panic) => refuse(
            &path,
            StatusCode::INTERNAL_SERVER_ERROR,
            "Something went wrong on our side. Please try again; the log knows this call by the id in the x-request-id header.",
        ),
    }
}
