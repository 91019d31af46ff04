//! Cityhall, one call to City Hall: the rooms joined into one program. This crate holds what belongs to no room: settings,
//! commands, the server, what it tells of itself, backup and doctor.

pub mod app;
pub mod archive;
pub mod bench;
pub mod commands;
pub mod doctor;
pub mod logs;
pub mod meter;
pub mod serve;
pub mod settings;
pub mod town;
pub mod web;

use db::Migration;

pub use app::{App, AppError};
pub use settings::Settings;

/// The tables of all rooms, each after those that it builds on.
#[must_use]
pub fn migrations() -> Vec<&'static [Migration]> {
    vec![events::MIGRATIONS, jobs::MIGRATIONS, staff::MIGRATIONS, catalog::MIGRATIONS, places::MIGRATIONS, requests::MIGRATIONS]
}
