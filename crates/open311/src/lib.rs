//! The city's requests over Open311 GeoReport v2: service list, definitions, creating, reading, updates, discovery, with the
//! extensions that clients use. Parse, use case, tell: the rules are in `requests` and `catalog`, and the shapes of the wire
//! are in `wire.rs`, apart from our own types.

mod body;
mod calls;
mod dates;
mod desk;
mod dispatch;
mod document;
mod fields;
mod openapi;
mod refusal;
mod show;
mod statuses;
mod surface;
mod window;
mod wire;

use std::sync::Arc;

use axum::Router;
use axum::routing::any;
use requests::Requests;

pub use openapi::openapi_document;

/// How this room answers.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where this installation is seen from outside (`https://311.example.org`, no path behind it). A jurisdiction's own
    /// address counts before it; without either, the address that the caller used.
    pub public_url: Option<String>,
    /// The longest body taken, in bytes, all files together.
    pub max_body_bytes: usize,
    /// Whether discovery calls the endpoint `test` instead of `production`.
    pub is_test: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self { public_url: None, max_body_bytes: 32 << 20, is_test: false }
    }
}

/// What the room works with.
#[derive(Clone)]
pub struct OpenApi {
    /// The hub.
    pub requests: Requests,
    /// How to answer.
    pub settings: Settings,
}

/// Left in the extensions of a response: which call it answers, for metrics and logs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallName(pub String);

/// The routes `/open311/…` and `/media/…`. Every answer under them, errors too, is in the form that the suffix asks for.
pub fn router(open: OpenApi) -> Router {
    let desk = Arc::new(desk::Desk::new(open.requests, open.settings));
    // One handler for all: suffixes, doubled slashes and errors are read by the table of the surface, not by the router.
    ["/open311", "/open311/", "/open311/{*rest}", "//open311/{*rest}", "/media/{*rest}"]
        .into_iter()
        .fold(Router::new(), |router, path| router.route(path, any(dispatch::answer)))
        .with_state(desk)
}
