//! What a city offers and promises: services with their questions, targets and calendars, and the rules by which requests
//! find their department. Everything that decides a due date or a route is versioned and never forgotten.

pub mod answers;
mod cache;
pub mod model;
pub mod routing;
mod snapshot;
mod store;
pub mod target;
pub mod version;

use db::DbError;

pub use answers::Answers;
pub use cache::Catalogs;
pub use model::{AskWhen, Choice, Datatype, DuplicateRule, Intake, PhotoRule, Priority, Question, Screening, Service, Visibility, is_code};
pub use routing::{RouteQuery, Routed, Rule};
pub use snapshot::{Catalog, name_key};
pub use target::{AROUND_THE_CLOCK, CalendarTerms, FORMULA_VERSION, Promise, TargetFor, TargetKey, Terms};
pub use version::{Version, Versions};

/// The tables of this room.
pub const MIGRATIONS: &[db::Migration] = &[db::Migration { room: "catalog", number: 1, sql: include_str!("../migrations/0001_catalog.sql") }];

/// The example catalog file, of the invented city of Alder Falls.
pub const EXAMPLE: &str = include_str!("../../../examples/catalog.toml");

/// Why the catalog could not be read or changed.
#[derive(Debug, thiserror::Error)]
pub enum CatalogError {
    /// The database failed.
    #[error(transparent)]
    Db(#[from] DbError),
    /// The database holds what this program cannot read.
    #[error("the stored catalog cannot be read: {0}")]
    Stored(String),
}
