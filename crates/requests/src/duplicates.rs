//! Requests that may be about the same thing: same kind, open, near, recent; the likeliest first.

use catalog::Service;
use db::DbError;
use kernel::{LatLon, Timestamp};
use staff::Jurisdiction;

use crate::hub::Requests;
use crate::model::{Request, RequestId};
use crate::store::{self, Near};

/// The most candidates offered: more would be no help to a person.
const MOST: usize = 3;
const DAY: i64 = 86_400_000;

/// An open request that may be the same.
#[derive(Clone, Debug)]
pub struct Candidate {
    /// The request.
    pub request: Request,
    /// Metres between the two places.
    pub distance_m: f64,
    /// 1 for the same spot just now, falling to 0 at the edge of the service's radius and days.
    pub likeness: f64,
}

impl Requests {
    /// Open requests of `service` near `point`, asked for not long before `at`: by the service's own radius and days.
    /// A service without a duplicate rule has none.
    ///
    /// # Errors
    /// When the engine fails.
    pub async fn candidates(
        &self,
        j: &Jurisdiction,
        service: &Service,
        point: Option<LatLon>,
        at: Timestamp,
        not: Option<RequestId>,
    ) -> Result<Vec<Candidate>, DbError> {
        let (Some(rule), Some(point)) = (service.duplicate, point) else { return Ok(Vec::new()) };
        let since = at.plus_millis(-i64::from(rule.days) * DAY);
        let near = store::near(self.db().read(), j.id, &service.code, point, rule.radius_m, since).await?;
        Ok(rank(near.into_iter().filter(|n| Some(n.request.id) != not), rule.radius_m, i64::from(rule.days) * DAY, at))
    }
}

fn rank(near: impl Iterator<Item = Near>, radius_m: f64, span: i64, at: Timestamp) -> Vec<Candidate> {
    let mut ranked: Vec<Candidate> = near
        .map(|Near { request, distance_m }| {
            #[expect(clippy::cast_precision_loss, reason = "days in milliseconds fit a float")]
            let age = (at.millis() - request.requested_at.millis()).max(0) as f64 / span.max(1) as f64;
            let nearness = 1.0 - (distance_m / radius_m.max(1.0)).min(1.0);
            // Place tells more than time: two potholes are two potholes on any day.
            Candidate { likeness: 0.7 * nearness + 0.3 * (1.0 - age.min(1.0)), request, distance_m }
        })
        .collect();
    ranked.sort_by(|a, b| b.likeness.total_cmp(&a.likeness).then(a.request.id.cmp(&b.request.id)));
    ranked.truncate(MOST);
    ranked
}
