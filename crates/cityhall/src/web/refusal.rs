//! Answers of the server itself where no room answers: not found, too large, too late, broken. Under Open311 they have
//! the form that its clients read; elsewhere they are a page that helps on.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::home;

/// The answer to a call of `path` that was not served: `text` is a whole sentence for people.
pub(super) fn refuse(path: &str, status: StatusCode, text: &str) -> Response {
    let (kind, body) = if !path.starts_with("/open311") {
        return super::html(status, home::frame(text, &format!("<h1>{}</h1>\n<p><a href=\"/\">Go to the first page</a></p>", home::escape(text))));
    } else if path.to_ascii_lowercase().ends_with(".json") {
        let errors = serde_json::json!([{ "code": status.as_u16(), "description": text }]);
        ("application/json; charset=utf-8", errors.to_string())
    } else {
        let code = status.as_u16();
        let text = home::escape(text);
        let xml = format!("<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<errors><error><code>{code}</code><description>{text}</description></error></errors>\n");
        ("text/xml; charset=utf-8", xml)
    };
    (status, [(header::CONTENT_TYPE, HeaderValue::from_static(kind))], body).into_response()
}
