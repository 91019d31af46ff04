//! `tokens/{token}`: the id that a batch service's token became.

use super::Call;
use crate::document::Document;
use crate::refusal::Refusal;
use crate::wire;

pub(crate) async fn answer(call: &Call<'_>) -> Result<Document, Refusal> {
    let jurisdiction = call.desk.jurisdiction(&call.fields).await?;
    let found = call.desk.requests.token(&jurisdiction, call.address.last()).await?;
    let state = found.ok_or_else(|| Refusal::NotFound("token was not found.".to_owned()))?;
    match state.refused {
        Some(why) => Err(Refusal::field("token", format!("was refused: {why}"))),
        // Without an id yet, the token alone: whoever asks comes back.
        None => Ok(wire::token(state.token, state.number)),
    }
}
