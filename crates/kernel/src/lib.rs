//! The words every room shares: ids, the clock, places on the globe, tracking numbers, ways to reach a person,
//! working time. No input or output happens here, so everything can be tested by calling it.

pub mod calendar;
pub mod clock;
pub mod contact;
pub mod geo;
pub mod ids;
pub mod text;
pub mod time;
pub mod tracking;

pub use calendar::{Amount, Calendar};
pub use clock::Clock;
pub use contact::{Email, Phone};
pub use geo::{BBox, Cell, LatLon};
pub use ids::{Ids, JurisdictionId};
pub use text::Problem;
pub use time::Timestamp;
pub use tracking::TrackingNumber;
