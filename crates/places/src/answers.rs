//! What this room answers with.

use jiff::civil::Date;
use kernel::LatLon;
use serde::Serialize;

/// One area of one layer in which a point lies, with the lines that say so.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Area {
    /// The layer, such as `council-districts`.
    pub layer: String,
    /// The area's name as the city wrote it.
    pub name: String,
    /// Its code, where the layer has one.
    pub code: Option<String>,
    /// Which edition of the layer's lines was used.
    pub edition: String,
    /// The edition's first day in force; absent: since ever.
    pub from: Option<Date>,
    /// The edition's last day in force; absent: still.
    pub until: Option<Date>,
    /// Whether the edition was in force on the day asked for. If not, it is the nearest one in time.
    pub in_force: bool,
}

/// What stands at a point on a day.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Standing {
    /// The areas in which the point lies, by layer and name.
    pub areas: Vec<Area>,
    /// Whether the point is inside the city; absent when the city's limits are not known.
    pub in_city: Option<bool>,
}

/// What kind of place a search or a reverse lookup found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum HitKind {
    /// A house, with or without a unit.
    Address,
    /// Where two streets meet.
    Corner,
    /// A place with a name of its own.
    Landmark,
    /// A street, or a block of it.
    Street,
}

/// A place that a search found.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Hit {
    /// What it is.
    pub kind: HitKind,
    /// What to show: `1200 Mill St`, `Mill St & Alder Ave`, `City Hall, 1 Mill St`.
    pub label: String,
    /// Where it is; absent for an address that the register lists without a point.
    pub point: Option<LatLon>,
    /// The id in the city's address register. Absent for what is no entry of it.
    pub address_id: Option<String>,
    /// Zip code, where known.
    pub zip: Option<String>,
    /// The house number is not in the register: the point is that of the nearest one, or measured along the street.
    pub approximate: bool,
    /// How well the words fit, 0 to 1.
    pub score: f64,
}

/// What a point of the map may be called.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Nearby {
    /// `1200 Mill St`, `1200 block of Mill St`, `Mill St & Alder Ave`.
    pub label: String,
    /// What it is; [`HitKind::Street`] is a block of a street.
    pub kind: HitKind,
    /// Metres from the point.
    pub distance_m: f64,
    /// The id in the city's address register, for an address.
    pub address_id: Option<String>,
    /// Zip code, where known.
    pub zip: Option<String>,
}

/// A zone in which a point lies, with the next day on which the city comes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Pickup {
    /// The layer, such as `trash`.
    pub layer: String,
    /// The zone's name.
    pub zone: String,
    /// What is picked up or done.
    pub what: String,
    /// The next day, today included; absent when the schedule has none within 400 days.
    pub next: Option<Date>,
    /// The day it would have been, when a holiday moved it.
    pub moved_from: Option<Date>,
    /// That holiday's name.
    pub holiday: Option<String>,
}

/// A thing of the city on the map.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Asset {
    /// The kind, such as `street-light`.
    pub kind: String,
    /// The id in the city's own list, such as a pole number.
    pub id: String,
    /// What to show.
    pub label: String,
    /// Where it is.
    pub point: LatLon,
    /// Metres from the point asked for.
    pub distance_m: f64,
    /// Everything else the city's list says: a JSON object.
    pub attributes: serde_json::Value,
}

/// Why a question could not be answered.
#[derive(Debug, thiserror::Error)]
pub enum PlacesError {
    /// The database failed.
    #[error(transparent)]
    Db(#[from] db::DbError),
    /// The folder of the search index cannot be used.
    #[error("search folder {path}: {source}")]
    Folder {
        /// The folder or file.
        path: std::path::PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The search index failed.
    #[error("search index: {0}")]
    Index(#[from] tantivy::TantivyError),
    /// Something stored cannot be read back.
    #[error("stored {what} cannot be read: {reason}")]
    Stored {
        /// Which row.
        what: String,
        /// Why.
        reason: String,
    },
    /// A task ended before its time, because the program is stopping.
    #[error("the program is stopping")]
    Stopping,
}
