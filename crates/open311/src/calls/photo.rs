//! `/media/{city}/{photo}.jpg`: a photo that the public may see.

use bytes::Bytes;
use requests::PhotoId;

use super::Call;
use crate::refusal::Refusal;
use crate::show::Teller;

pub(crate) async fn answer(call: &Call<'_>) -> Result<Bytes, Refusal> {
    let desk = call.desk;
    let missing = || Refusal::NotFound("There is no such photo.".to_owned());
    let code = call.address.segments.iter().rev().nth(1).map_or("", String::as_str);
    let jurisdiction = desk.named(code).await?.ok_or_else(missing)?;
    let id = call.address.last().parse().map(PhotoId).map_err(|_| missing())?;
    let (photo, content) = desk.requests.photo(&jurisdiction, id).await?.filter(|(photo, _)| !photo.private).ok_or_else(missing)?;
    // The request may have become private since the photo was kept.
    let teller = Teller::new(&jurisdiction, desk.catalog(&jurisdiction).await?, None, "");
    let request = desk.requests.by_id(&jurisdiction, photo.request).await?;
    if request.is_some_and(|request| teller.is_public(&request)) { Ok(content) } else { Err(missing()) }
}
