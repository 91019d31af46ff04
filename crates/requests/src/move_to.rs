//! The place was wrong: the request moves, and with it its areas and, if the rules say so, its department.

use serde_json::json;
use staff::Jurisdiction;

use crate::change::{Act, ChangeError, Recorded};
use crate::change_service::route_again;
use crate::hub::Requests;
use crate::intake::frozen;
use crate::model::{Place, Request, RequestId};
use crate::status::Step;

impl Requests {
    /// Moves the request to `place`.
    ///
    /// # Errors
    /// [`ChangeError`]; then nothing changed. An empty place is refused; a closed request stays where it is.
    pub async fn move_to(&self, j: &Jurisdiction, id: RequestId, act: Act, place: Place) -> Result<Request, ChangeError> {
        if place.is_empty() {
            return Err(ChangeError::problem("location", "is required: give a point, an address or a description of the place"));
        }
        let mut place = place;
        self.complete_place(j, &mut place).await?;
        let request = self.by_id(j, id).await?.ok_or(ChangeError::NotFound)?;
        let standing = self.standing(j, place.point, request.requested_at).await?;
        self.change(j, id, act, move |request, moment| {
            request.status.after(Step::Close)?;
            let before = json!({ "lat": request.place.point.map(|p| p.lat), "lon": request.place.point.map(|p| p.lon), "department": request.department });
            request.place = place;
            request.areas = frozen(&standing);
            request.in_city = standing.in_city;
            route_again(request, moment);
            let body = json!({
                "before": before, "lat": request.place.point.map(|p| p.lat), "lon": request.place.point.map(|p| p.lon), "department": request.department,
            });
            Ok(Recorded::public("request.moved", body, None))
        })
        .await
    }
}
