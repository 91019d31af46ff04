//! The places room on both engines: what imports do to the tables, what is then answered, and the trials with the
//! cities' published files.

#![expect(clippy::unwrap_used, clippy::panic, reason = "what fails here is a failed test")]

mod boundaries;
mod broken;
mod found;
mod registers;
mod trials;
mod words;

use std::path::Path;

use db::Migration;
use kernel::{JurisdictionId, LatLon};
use places::{AddressImport, BoundaryImport, Places, Reject, StreetImport, Summary};
use testkit::TestDb;

/// Alder Falls among the jurisdictions.
pub const CITY: JurisdictionId = JurisdictionId(1);
/// Another government on the same installation.
pub const COUNTY: JurisdictionId = JurisdictionId(2);

/// The tables that imports write.
pub const TABLES: &[&[Migration]] = &[events::MIGRATIONS, places::MIGRATIONS];

/// Opens the front door after making the tables.
pub async fn open(t: &TestDb) -> Places {
    t.migrate(TABLES).await;
    Places::open(t.db.clone(), t.folder.path().join("search"))
}

/// A point.
pub fn at(lat: f64, lon: f64) -> LatLon {
    LatLon::new(lat, lon).unwrap()
}

/// A day.
pub fn day(text: &str) -> jiff::civil::Date {
    text.parse().unwrap()
}

/// A layer without dates.
pub fn layer(layer: &str, name_field: &str) -> BoundaryImport {
    BoundaryImport {
        layer: layer.to_owned(),
        edition: "1".to_owned(),
        name_field: name_field.to_owned(),
        code_field: None,
        from: None,
        until: None,
        limits: false,
    }
}

/// A summary in which nothing was removed.
pub fn summary(read: u64, imported: u64, unchanged: u64, rejected: u64) -> Summary {
    Summary { read, imported, unchanged, rejected, removed: 0 }
}

/// Imports a text of boundaries.
pub async fn boundaries(t: &TestDb, what: BoundaryImport, text: &str) -> (Summary, Vec<Reject>) {
    let mut rejects = Vec::new();
    let bytes = std::io::Cursor::new(text.as_bytes().to_vec());
    let summary = places::import_boundaries(&t.db, &t.clock, &t.ids, CITY, what, bytes, &mut rejects).await.unwrap();
    (summary, rejects)
}

/// Imports a text of addresses.
pub async fn addresses(t: &TestDb, text: &str) -> (Summary, Vec<Reject>) {
    let mut rejects = Vec::new();
    let bytes = std::io::Cursor::new(text.as_bytes().to_vec());
    let summary = places::import_addresses(&t.db, &t.clock, &t.ids, CITY, AddressImport::default(), bytes, &mut rejects).await.unwrap();
    (summary, rejects)
}

/// Imports a text of streets.
pub async fn streets(t: &TestDb, text: &str) -> (Summary, Vec<Reject>) {
    let mut rejects = Vec::new();
    let bytes = std::io::Cursor::new(text.as_bytes().to_vec());
    let summary = places::import_streets(&t.db, &t.clock, &t.ids, CITY, StreetImport::default(), bytes, &mut rejects).await.unwrap();
    (summary, rejects)
}

/// A file of the published data.
pub fn file(path: &Path) -> std::fs::File {
    std::fs::File::open(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The streets of Alder Falls: Mill St runs west to east, Alder Ave and 1st St south to north, Cannery Row aside.
pub const STREETS: &str = r#"{"type":"FeatureCollection","features":[
{"type":"Feature","properties":{"TLID":1,"FULLNAME":"Mill St","LFROMADD":"1100","LTOADD":"1198","RFROMADD":"1101","RTOADD":"1199","ZIPL":"50300","ZIPR":"50300"},"geometry":{"type":"LineString","coordinates":[[-93.705,41.600],[-93.700,41.600]]}},
{"type":"Feature","properties":{"TLID":2,"FULLNAME":"Mill St","LFROMADD":"1200","LTOADD":"1298","RFROMADD":"1201","RTOADD":"1299","ZIPL":"50300","ZIPR":"50300"},"geometry":{"type":"LineString","coordinates":[[-93.700,41.600],[-93.695,41.600]]}},
{"type":"Feature","properties":{"TLID":3,"FULLNAME":"Alder Ave","LFROMADD":"1","LTOADD":"99","RFROMADD":"2","RTOADD":"98","ZIPL":"50300","ZIPR":"50301"},"geometry":{"type":"LineString","coordinates":[[-93.700,41.600],[-93.700,41.605]]}},
{"type":"Feature","properties":{"TLID":4,"FULLNAME":"N 1st St","LFROMADD":null,"LTOADD":null,"RFROMADD":null,"RTOADD":null},"geometry":{"type":"LineString","coordinates":[[-93.705,41.595],[-93.705,41.600],[-93.705,41.605]]}},
{"type":"Feature","properties":{"TLID":5,"FULLNAME":"Cannery Row","LFROMADD":"10","LTOADD":"20","RFROMADD":"11","RTOADD":"21"},"geometry":{"type":"LineString","coordinates":[[-93.680,41.610],[-93.678,41.612]]}}
]}"#;

/// Some of its addresses, in the layout of OpenAddresses.
pub const ADDRESSES: &str = "LON,LAT,NUMBER,STREET,UNIT,CITY,DISTRICT,REGION,POSTCODE,ID,HASH
-93.69990,41.60010,1200,MILL ST,,ALDER FALLS,,IA,50300,A-1,
-93.69900,41.60010,1210,MILL ST,,ALDER FALLS,,IA,50300,A-2,
-93.69900,41.60010,1210,MILL ST,1,ALDER FALLS,,IA,50300,A-3,
-93.69900,41.60010,1210,MILL ST,2,ALDER FALLS,,IA,50300,A-4,
-93.70010,41.60100,21,ALDER AVE,,ALDER FALLS,,IA,50301,A-5,
-93.70510,41.60100,7,N 1ST ST,,ALDER FALLS,,IA,50300,A-6,
-93.67990,41.61010,10,CANNERY ROW,APT 4B,ALDER FALLS,,IA,50302,A-7,
-93.67990,41.61010,10,CANNERY ROW,APT 5,ALDER FALLS,,IA,50302,A-8,
,,12,CANNERY ROW,,ALDER FALLS,,IA,50302,A-9,
";
