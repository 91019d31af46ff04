//! The governments that this installation serves, their departments and work groups, and the keys by which apps and
//! other systems may write.

mod api_key;
mod department;
mod error;
mod jurisdiction;
mod store;

pub use api_key::{ApiKey, Rights, create_api_key, revoke_api_key};
pub use department::{Changed, Department, WorkGroup, set_departments, upsert_departments};
pub use error::StaffError;
pub use jurisdiction::{Jurisdiction, JurisdictionDetails, NewJurisdiction, change_jurisdiction, create_jurisdiction};
pub use store::api_keys::{api_key, api_keys};
pub use store::departments::{departments, departments_ever};
pub use store::jurisdictions::{jurisdiction, jurisdiction_by_code, jurisdictions};

/// The tables of this room.
pub const MIGRATIONS: &[db::Migration] = &[db::Migration { room: "staff", number: 1, sql: include_str!("../migrations/0001_staff.sql") }];
