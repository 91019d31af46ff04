//! Places: what stands at a point of the city, and where the place is that a resident speaks of.
//!
//! A city hands in its files (`import`): boundary layers with their dates in force, address registers, street center
//! lines, zones with a schedule, assets. From then on a [`Places`] answers, on any node and from either engine:
//! which areas a point lies in on a given day ([`Places::at`]), where "1200 mlil st apt 4" is ([`Places::search`]), what to
//! call a point on the map ([`Places::reverse`]), when the next pickup is ([`Places::zones_at`]), which street light is
//! meant ([`Places::assets_near`]).
//!
//! The tables hold everything. Areas are kept in memory per jurisdiction, because a point is tested against all of them;
//! the words of streets, corners and landmarks are a Tantivy index in a folder; addresses stay in the database. Both
//! memory and index are copies that a stored generation number tells to renew.

mod answers;
mod boundaries;
mod import;
mod line;
mod places;
mod reverse;
mod search;
mod shape;
mod store;
mod words;
mod zones;

use db::Migration;

pub use answers::{Area, Asset, Hit, HitKind, Nearby, Pickup, PlacesError, Standing};
pub use boundaries::Boundaries;
pub use import::{
    AddressImport, AssetImport, BoundaryImport, ColumnMap, ImportError, Reject, RejectSink, StreetFields, StreetImport, Summary, ZoneImport, import_addresses,
    import_assets, import_boundaries, import_streets, import_zones,
};
pub use places::Places;

/// The tables of this room.
pub const MIGRATIONS: &[Migration] = &[Migration { room: "places", number: 1, sql: include_str!("../migrations/0001_places.sql") }];

/// The layer that decides whether a point is inside the city, whatever else is flagged as the limits.
pub const CITY_LIMITS: &str = "city-limits";
