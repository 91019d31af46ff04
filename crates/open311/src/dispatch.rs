//! From an HTTP request to an answer in the asked format, whatever goes wrong on the way.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::Response;
use futures::FutureExt;
use http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_MAX_AGE, ALLOW, CACHE_CONTROL, CONTENT_LENGTH,
    CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS,
};
use http::{HeaderValue, Method, StatusCode};

use crate::calls::{self, Call, Reply};
use crate::desk::Desk;
use crate::fields::{Fields, split};
use crate::refusal::{Refusal, error_list};
use crate::surface::{Address, Format, Operation};
use crate::{CallName, body};

/// Headers that a page of another origin may send.
const TAKEN_HEADERS: &str = "Content-Type, Accept, Idempotency-Key";

/// Answers any request to an address of this room.
pub(crate) async fn answer(State(desk): State<Arc<Desk>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let head = parts.method == Method::HEAD;
    let address = Address::read(parts.uri.path());
    let format = address.as_ref().and_then(|address| address.format).unwrap_or(Format::Xml);
    let operations = address.as_ref().map(Address::operations).unwrap_or_default();
    let mut response = if parts.method == Method::OPTIONS && !operations.is_empty() {
        preflight(&operations)
    } else {
        let name = operations.first().map_or("unknown", |operation| operation.path.last().copied().unwrap_or("unknown"));
        let reply = guarded(Box::pin(handle(&desk, &parts, body, address.as_ref(), &operations))).await;
        let mut response = told(&desk, format, name, reply, &operations);
        if head {
            *response.body_mut() = Body::empty();
        }
        response
    };
    if let Some(operation) = operation(&operations, &parts.method) {
        response.extensions_mut().insert(CallName(operation.id.to_string()));
    }
    response
}

/// A panic is a fault of ours, told like any other. The panic itself has been written to the log by the panic hook.
async fn guarded(work: impl Future<Output = Result<Reply, Refusal>>) -> Result<Reply, Refusal> {
    AssertUnwindSafe(work).catch_unwind().await.unwrap_or_else(|_| Err(Refusal::Fault("the call ended with a panic".into())))
}

/// The operation at the address that this method names. HEAD is GET without the body.
fn operation(operations: &[&'static Operation], method: &Method) -> Option<&'static Operation> {
    let method = if method == Method::HEAD { &Method::GET } else { method };
    operations.iter().copied().find(|operation| operation.method == method.as_str())
}

async fn handle(desk: &Desk, parts: &http::request::Parts, body: Body, address: Option<&Address>, operations: &[&'static Operation]) -> Result<Reply, Refusal> {
    let Some(address) = address.filter(|_| !operations.is_empty()) else {
        return Err(Refusal::NotFound("There is nothing at this address. Addresses end in .json or .xml, such as /open311/v2/services.json.".to_owned()));
    };
    let operation = operation(operations, &parts.method).ok_or_else(|| Refusal::WrongMethod(allowed(operations)))?;
    let query = split(parts.uri.query().unwrap_or_default().as_bytes())?;
    let posted = if operation.method == "POST" { body::read(&parts.headers, body, desk.settings.max_body_bytes).await? } else { body::Posted::default() };
    let fields = Fields::new(operation, posted.fields, query, posted.files);
    calls::answer(operation.id, Call { desk, headers: &parts.headers, address, fields }).await
}

/// The methods that an address takes.
fn allowed(operations: &[&'static Operation]) -> String {
    let mut methods: Vec<&str> = operations.iter().map(|operation| operation.method).collect();
    methods.sort_unstable();
    if methods.contains(&"GET") {
        methods.push("HEAD");
    }
    methods.push("OPTIONS");
    methods.join(", ")
}

/// What a browser asks before it posts from a page of another origin.
fn preflight(operations: &[&'static Operation]) -> Response {
    let allowed = HeaderValue::from_str(&allowed(operations)).unwrap_or(HeaderValue::from_static("OPTIONS"));
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    let headers = response.headers_mut();
    headers.insert(ALLOW, allowed.clone());
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    headers.insert(ACCESS_CONTROL_ALLOW_METHODS, allowed);
    headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static(TAKEN_HEADERS));
    headers.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("86400"));
    response
}

/// The one place where a reply or a refusal becomes a response.
fn told(desk: &Desk, format: Format, name: &str, reply: Result<Reply, Refusal>, operations: &[&'static Operation]) -> Response {
    let (status, content_type, content, cache) = match reply {
        Ok(Reply::File { content_type, content }) => (StatusCode::OK, content_type, content.to_vec(), "public, max-age=3600"),
        Ok(Reply::Document(document)) => match written(&document, format) {
            Ok(content) => (StatusCode::OK, format.content_type(), content, "no-cache"),
            Err(refusal) => refused(desk, format, name, &refusal),
        },
        Err(refusal) => refused(desk, format, name, &refusal),
    };
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(CONTENT_LENGTH, HeaderValue::from(content.len()));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static(cache));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    // Nothing here is told by cookies, so any page may read it.
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    if status == StatusCode::METHOD_NOT_ALLOWED
        && let Ok(allowed) = HeaderValue::from_str(&allowed(operations))
    {
        headers.insert(ALLOW, allowed);
    }
    *response.body_mut() = Body::from(content);
    response
}

fn written(document: &crate::document::Document, format: Format) -> Result<Vec<u8>, Refusal> {
    match format {
        Format::Xml => Ok(document.to_xml().into_bytes()),
        Format::Json => document.to_json().map_err(|error| Refusal::Fault(Box::new(error))),
    }
}

type Written = (StatusCode, &'static str, Vec<u8>, &'static str);

/// A refusal as an error list. Faults are logged here, once, with the reference that the client is told.
fn refused(desk: &Desk, format: Format, name: &str, refusal: &Refusal) -> Written {
    let mut reference = String::new();
    if let Refusal::Fault(cause) = refusal {
        reference = desk.requests.ids().next().simple().to_string();
        tracing::error!(reference, call = name, cause = %cause, "an Open311 call failed");
    }
    let (status, descriptions) = refusal.tell(&reference);
    let list = error_list(status, descriptions);
    // A list of plain texts always becomes JSON.
    let content = written(&list, format).unwrap_or_default();
    (status, format.content_type(), content, "no-store")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panic_becomes_a_fault_that_says_nothing_of_its_cause() {
        let reply = guarded(async { panic!("secret") }).await;
        let Err(refusal) = reply else { panic!("a panic is no answer") };
        let (status, told) = refusal.tell("4711");
        assert_eq!(status, StatusCode::INTERNAL_SERVER_ERROR);
        assert!(told[0].contains("4711") && !told[0].contains("secret"));
        assert_eq!(allowed(&[]), "OPTIONS");
    }
}
