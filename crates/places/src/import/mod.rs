//! Taking in a city's files. Every import streams: one task reads and checks, this one writes batches, so that memory
//! does not grow with the file. A row is imported, unchanged or rejected with its place and reason; the summary adds up.

mod address_columns;
pub(crate) mod addresses;
mod assets;
mod boundaries;
mod features;
mod pump;
mod source;
mod street_fields;
mod streets;
mod zones;

use db::{Db, DbError};
use events::{Actor, NewEvent};
use futures::FutureExt;
use jiff::civil::Date;
use kernel::{Ids, JurisdictionId, Problem, Timestamp};
use serde::Serialize;

pub use address_columns::ColumnMap;
pub use addresses::import_addresses;
pub use assets::import_assets;
pub use boundaries::import_boundaries;
pub use street_fields::StreetFields;
pub use streets::import_streets;
pub use zones::import_zones;

/// What became of a file's rows: `read` = `imported` + `unchanged` + `rejected`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// Rows or features in the file.
    pub read: u64,
    /// New or changed ones.
    pub imported: u64,
    /// Those the database already had just so.
    pub unchanged: u64,
    /// Those that could not be used; each went to the [`RejectSink`].
    pub rejected: u64,
    /// Areas of this edition that the file no longer has, and which are gone now. Not part of `read`.
    pub removed: u64,
}

/// A row or feature that could not be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reject {
    /// The line of a CSV file (the header is line 1), the number of a GeoJSON feature (the first is 1).
    pub at: u64,
    /// Why, in plain words.
    pub reason: String,
    /// The row itself, cut at 2,000 characters.
    pub raw: String,
}

/// The most characters of a rejected row that are kept.
const RAW_MOST: usize = 2000;

impl Reject {
    fn new(at: u64, reason: impl Into<String>, raw: &str) -> Self {
        Self { at, reason: reason.into(), raw: raw.chars().take(RAW_MOST).collect() }
    }
}

/// Where rejected rows go, and who is told how far the import has come. Any `FnMut(Reject) -> io::Result<()>` and any
/// `Vec<Reject>` is one.
pub trait RejectSink: Send {
    /// Keeps one reject.
    ///
    /// # Errors
    /// When it cannot be kept; the import stops then.
    fn reject(&mut self, reject: Reject) -> std::io::Result<()>;

    /// Told after each batch how many rows were read so far.
    fn progress(&mut self, _read: u64) {}
}

impl RejectSink for Vec<Reject> {
    fn reject(&mut self, reject: Reject) -> std::io::Result<()> {
        self.push(reject);
        Ok(())
    }
}

impl<F: FnMut(Reject) -> std::io::Result<()> + Send> RejectSink for F {
    fn reject(&mut self, reject: Reject) -> std::io::Result<()> {
        self(reject)
    }
}

/// Why an import stopped. The batches before are kept; running it again goes on.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The database failed.
    #[error(transparent)]
    Db(#[from] DbError),
    /// An option or the schedule makes no sense.
    #[error(transparent)]
    Option(#[from] Problem),
    /// The file cannot be read on from here.
    #[error("{place}: {reason}")]
    File {
        /// `line 12`, `feature 3`, `byte 1024`.
        place: String,
        /// What is wrong and what would be right.
        reason: String,
    },
    /// A reject could not be written down.
    #[error("cannot write rejects: {0}")]
    Rejects(std::io::Error),
    /// The reading task ended before its time, because the program is stopping.
    #[error("the program is stopping")]
    Stopping,
}

/// One edition of a layer of areas.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BoundaryImport {
    /// The layer, such as `council-districts`; `city-limits` decides who is in the city.
    pub layer: String,
    /// The edition, such as `2012`. The same name again updates it.
    pub edition: String,
    /// The property with the area's name.
    pub name_field: String,
    /// The property with its code.
    pub code_field: Option<String>,
    /// First day in force; absent: since ever.
    pub from: Option<Date>,
    /// Last day in force; absent: until a later edition begins.
    pub until: Option<Date>,
    /// Whether this layer, too, decides who is in the city.
    pub limits: bool,
}

/// An address register.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AddressImport {
    /// Tells registers with equal ids apart; absent: `parcels` for the parcel layout, else `addresses`.
    pub register: Option<String>,
    /// Which columns mean what; absent: found out from the header (OpenAddresses, NAD, Cambridge, parcel points).
    pub columns: Option<ColumnMap>,
}

/// Street center lines.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StreetImport {
    /// Which properties mean what; absent: found out from each feature (Cambridge, TIGER).
    pub fields: Option<StreetFields>,
}

/// A layer of zones with their days.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ZoneImport {
    /// The zones' lines.
    pub boundary: BoundaryImport,
    /// Their days and holidays: TOML, see `README.md`.
    pub schedule: String,
}

/// Things of one kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AssetImport {
    /// The kind, such as `street-light`.
    pub kind: String,
    /// The property with the city's id; absent: the feature's own `id`, else its place on the map.
    pub id_field: Option<String>,
    /// The property to show; absent: the id.
    pub label_field: Option<String>,
}

impl ImportError {
    fn file(place: impl Into<String>, reason: impl Into<String>) -> Self {
        Self::File { place: place.into(), reason: reason.into() }
    }
}

/// Refuses texts that are longer than any name: both engines keep them in an index, which has room for no more.
fn bounded(texts: &[(&str, &str)]) -> Result<(), String> {
    const MOST: usize = 200;
    match texts.iter().find(|(_, text)| text.chars().count() > MOST) {
        Some((field, _)) => Err(format!("the {field} has more than {MOST} characters")),
        None => Ok(()),
    }
}

/// An import that has ended, for the log.
struct Ended<'a> {
    jurisdiction: JurisdictionId,
    began: Timestamp,
    ended: Timestamp,
    topic: &'static str,
    name: &'a str,
    summary: Summary,
}

/// Puts into the log that an import changed something.
async fn record(db: &Db, ids: &Ids, import: Ended<'_>) -> Result<(), DbError> {
    let Ended { jurisdiction, began, ended, topic, name, summary: Summary { read, imported, unchanged, rejected, removed } } = import;
    if imported + removed == 0 {
        return Ok(());
    }
    let body = serde_json::json!({
        "topic": topic, "name": name, "read": read, "imported": imported, "unchanged": unchanged, "rejected": rejected, "removed": removed,
    });
    let event = NewEvent {
        jurisdiction,
        id: ids.next(),
        subject_kind: "places",
        subject: ids.next(),
        kind: "places.imported",
        actor: Actor::Import(topic.to_owned()),
        occurred_at: began,
        recorded_at: ended,
        body: body.to_string(),
    };
    db.write(move |tx| async move { events::append(tx, vec![event]).await }.boxed()).await
}
