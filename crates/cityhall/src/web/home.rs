//! The first page: what this server is, whom it serves, and where programs and people go on.

use std::fmt::Write as _;
use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use crate::App;

const STYLE: &str = "\
body { font: 1.125rem/1.5 system-ui, sans-serif; margin: 0 auto; max-width: 42rem; padding: 1.5rem; color: #1b1b1b; background: #fff }
a { color: #005ea2 }
code { overflow-wrap: anywhere }
.urgent { border-left: 0.5rem solid #b50909; padding: 0.5rem 1rem; background: #f4e3db }
";

/// `GET /cityhall.css`.
pub(super) async fn style() -> Response {
    let headers =
        [(header::CONTENT_TYPE, HeaderValue::from_static("text/css; charset=utf-8")), (header::CACHE_CONTROL, HeaderValue::from_static("max-age=3600"))];
    (headers, STYLE).into_response()
}

/// `GET /`.
pub(super) async fn page(State(app): State<Arc<App>>) -> Response {
    let jurisdictions = match staff::jurisdictions(app.db().read()).await {
        Ok(jurisdictions) => jurisdictions,
        Err(error) => {
            tracing::error!(%error, "the jurisdictions could not be read");
            return super::refusal::refuse("/", StatusCode::SERVICE_UNAVAILABLE, "The database does not answer. Please try again in a moment.");
        }
    };
    let mut main =
        String::from("<h1>311</h1>\n<p class=\"urgent\"><strong>In an emergency, call 911.</strong> Nobody watches this server for emergencies.</p>\n");
    if jurisdictions.is_empty() {
        main.push_str("<p>No government is served here yet. Whoever runs this server begins with <code>cityhall jurisdiction create</code>.</p>\n");
    } else {
        main.push_str("<p>This server takes and answers requests for:</p>\n<ul>\n");
        for jurisdiction in &jurisdictions {
            let _ = writeln!(main, "<li>{} (<code>{}</code>)</li>", escape(&jurisdiction.name), escape(&jurisdiction.code));
        }
        main.push_str("</ul>\n");
    }
    main.push_str(
        "<h2>For apps and other programs</h2>\n\
         <p>Requests are sent, read and followed over Open311 GeoReport v2. Everything begins at discovery: \
         <a href=\"/open311/discovery.json\">JSON</a> or <a href=\"/open311/discovery.xml\">XML</a>.</p>\n\
         <h2>For people</h2>\n<p>Pages for residents are not part of this version yet. Use an Open311 app, or call the city.</p>\n",
    );
    let _ = writeln!(main, "<p><small>Cityhall {}</small></p>", env!("CARGO_PKG_VERSION"));
    super::html(StatusCode::OK, frame("311", &main))
}

/// A whole page around `main`.
pub(super) fn frame(title: &str, main: &str) -> String {
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>{}</title>\n<link rel=\"stylesheet\" href=\"/cityhall.css\">\n</head>\n<body>\n<main>\n{main}</main>\n</body>\n</html>\n",
        escape(title)
    )
}

/// `text` as it may stand in HTML and XML, in elements and in quoted attributes.
pub(super) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_cannot_leave_their_place() {
        assert_eq!(escape("<a b='\"'>&"), "&lt;a b=&#39;&quot;&#39;&gt;&amp;");
        assert!(frame("</title><script>", "").contains("<title>&lt;/title&gt;&lt;script&gt;</title>"));
    }
}
