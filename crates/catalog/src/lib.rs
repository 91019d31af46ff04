//! What a city offers and promises: services with their questions, targets and calendars, and the rules by which requests
//! find their department. Everything that decides a due date or a route is versioned and never forgotten.

pub mod answers;
mod cache;
mod ensure;
mod export;
mod file;
mod import;
pub mod model;
mod plan;
pub mod routing;
mod snapshot;
mod store;
pub mod target;
pub mod version;

use db::DbError;

pub use answers::Answers;
pub use cache::Catalogs;
pub use ensure::{MetService, ensure_services};
pub use export::{export_canonical, export_catalog};
pub use file::{FileProblem, problems_of};
pub use import::import_catalog;
pub use model::{AskWhen, Choice, Datatype, DuplicateRule, Intake, PhotoRule, Priority, Question, Screening, Service, Visibility, is_code};
pub use plan::Changes;
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
    /// A catalog file that cannot be taken in; nothing of it was.
    #[error("the catalog file has {} problem{}:\n{}", .0.len(), if .0.len() == 1 { "" } else { "s" }, .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
    File(Vec<FileProblem>),
}
