//! `servicerequestupdates`, read: what was made known about requests, by when it was made known.

use requests::{Photo, Span};

use super::Call;
use crate::dates::{Bound, bound};
use crate::document::Document;
use crate::refusal::Refusal;
use crate::show::Teller;
use crate::wire;

/// The most updates of one answer. FixMyStreet asks for two hours at once and must miss none of a busy day's.
const MOST_UPDATES: u64 = 10_000;
/// What a call without a start covers, in milliseconds: a day.
const RECENT: i64 = 86_400_000;

pub(crate) async fn answer(call: &Call<'_>) -> Result<Document, Refusal> {
    let (desk, fields) = (call.desk, &call.fields);
    let jurisdiction = desk.jurisdiction(fields).await?;
    let start = fields.get("start_date")?.map(|text| bound("start_date", text, Bound::First)).transpose()?;
    let until = fields.get("end_date")?.map(|text| bound("end_date", text, Bound::Last)).transpose()?;
    let from = start.unwrap_or_else(|| until.unwrap_or_else(|| desk.requests.clock().now()).plus_millis(-RECENT));
    let updates = desk.requests.updates(&jurisdiction, Span { from: Some(from), until }, MOST_UPDATES).await?;
    let teller = Teller::new(&jurisdiction, desk.catalog(&jurisdiction).await?, None, &desk.base_url(&jurisdiction, call.headers));
    let updates = teller.public_updates(desk, &jurisdiction, updates).await?;
    let mut ids: Vec<_> = updates.iter().map(|update| update.request).collect();
    ids.sort_unstable();
    ids.dedup();
    let photos = if ids.is_empty() { Default::default() } else { desk.requests.photos_of(&jurisdiction, &ids).await? };
    let told = updates.into_iter().map(|update| {
        let with_it = |photo: &&Photo| photo.update == Some(update.id) && !photo.private;
        let photo = photos.get(&update.request).into_iter().flatten().find(with_it);
        teller.update(update, photo)
    });
    Ok(wire::updates(told.collect()))
}
