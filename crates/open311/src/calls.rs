//! The calls, one file each: parse, use case, tell.

mod create_request;
mod create_update;
mod discovery;
mod list_requests;
mod list_updates;
mod one_request;
mod photo;
mod services;
mod token;

use bytes::Bytes;
use http::HeaderMap;

use crate::desk::Desk;
use crate::document::Document;
use crate::fields::Fields;
use crate::refusal::Refusal;
use crate::surface::{Address, OperationId};

/// One call, parsed.
pub(crate) struct Call<'a> {
    pub desk: &'a Desk,
    pub headers: &'a HeaderMap,
    pub address: &'a Address,
    pub fields: Fields,
}

/// What a call answers with.
pub(crate) enum Reply {
    /// In the form that the suffix asks for.
    Document(Document),
    /// A file as it is.
    File { content_type: &'static str, content: Bytes },
}

/// The OpenAPI document: a reviewed file that a test holds against the table of the surface.
const OPENAPI: &str = include_str!("../openapi.json");

/// Answers a call.
pub(crate) async fn answer(id: OperationId, call: Call<'_>) -> Result<Reply, Refusal> {
    let document = match id {
        OperationId::Discovery | OperationId::DiscoveryAbove => discovery::answer(&call).await,
        OperationId::ListServices => services::list(&call).await,
        OperationId::ServiceDefinition => services::definition(&call).await,
        OperationId::CreateRequest => create_request::answer(call).await,
        OperationId::ListRequests => list_requests::answer(&call).await,
        OperationId::OneRequest => one_request::answer(&call).await,
        OperationId::Token => token::answer(&call).await,
        OperationId::ListUpdates => list_updates::answer(&call).await,
        OperationId::CreateUpdate => create_update::answer(call).await,
        OperationId::Description => {
            return Ok(Reply::File { content_type: "application/json; charset=utf-8", content: Bytes::from_static(OPENAPI.as_bytes()) });
        }
        OperationId::Photo => return photo::answer(&call).await.map(|content| Reply::File { content_type: "image/jpeg", content }),
    };
    document.map(Reply::Document)
}

/// Whether a switch such as `extensions` is on. Boston's clients write `v1`.
pub(crate) fn is_on(switch: Option<&str>) -> bool {
    switch.is_some_and(|text| !["false", "0", "no", "off"].iter().any(|off| text.eq_ignore_ascii_case(off)))
}
