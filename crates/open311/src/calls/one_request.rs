//! `requests/{id}`: one request, as a list of one.

use super::{Call, is_on};
use crate::document::Document;
use crate::refusal::Refusal;
use crate::show::Teller;
use crate::wire;

pub(crate) async fn answer(call: &Call<'_>) -> Result<Document, Refusal> {
    let (desk, fields) = (call.desk, &call.fields);
    let jurisdiction = desk.jurisdiction(fields).await?;
    let extended = is_on(fields.get("extensions")?);
    let teller = Teller::new(&jurisdiction, desk.catalog(&jurisdiction).await?, fields.get("locale")?, &desk.base_url(&jurisdiction, call.headers));
    let found = desk.requests.by_number(&jurisdiction, call.address.last()).await?;
    let told = teller.tell(desk, &jurisdiction, found.into_iter().collect(), extended).await?;
    // A private request is told in the same words as one that does not exist.
    if told.is_empty() {
        return Err(Refusal::NotFound("service_request_id was not found.".to_owned()));
    }
    Ok(wire::service_requests(told.into_iter().map(wire::ServiceRequest::node).collect()))
}
