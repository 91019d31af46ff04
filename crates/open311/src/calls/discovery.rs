//! `discovery`: where the endpoints are. It needs no `jurisdiction_id`: this is where a client learns what there is.

use kernel::Timestamp;

use super::Call;
use crate::document::Document;
use crate::refusal::Refusal;
use crate::wire;

pub(crate) async fn answer(call: &Call<'_>) -> Result<Document, Refusal> {
    let desk = call.desk;
    let meant = match call.fields.get("jurisdiction_id")? {
        Some(_) => vec![desk.jurisdiction(&call.fields).await?],
        None => desk.jurisdictions().await?.to_vec(),
    };
    let Some(first) = meant.first() else { return Err(Refusal::NotFound("No jurisdiction is served here yet.".to_owned())) };
    let mut changed_at = Timestamp::EARLIEST;
    for jurisdiction in &meant {
        changed_at = changed_at.max(desk.catalog(jurisdiction).await?.changed_at);
    }
    let base = desk.base_url(first, call.headers);
    let (mut contacts, mut keys): (Vec<&str>, Vec<&str>) = (Vec::new(), Vec::new());
    for jurisdiction in &meant {
        // Every field is required: who left one empty is named instead.
        let contact = if jurisdiction.contact.is_empty() { &jurisdiction.name } else { &jurisdiction.contact };
        let key = if jurisdiction.key_service.is_empty() { contact } else { &jurisdiction.key_service };
        push_new(&mut contacts, contact);
        push_new(&mut keys, key);
    }
    let kind = if desk.settings.is_test { "test" } else { "production" };
    Ok(wire::discovery(changed_at.to_string(), contacts.join("; "), keys.join("; "), format!("{base}/open311/v2"), kind))
}

fn push_new<'a>(list: &mut Vec<&'a str>, text: &'a str) {
    if !list.contains(&text) {
        list.push(text);
    }
}
