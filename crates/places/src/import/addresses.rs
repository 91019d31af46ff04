//! Address registers: CSV, one row an address, or a parcel with no more than an id and a point.

use std::io::Read;

use csv::{ErrorKind, StringRecord};
use db::{Db, DbError};
use futures::FutureExt;
use kernel::{Cell, Clock, Ids, JurisdictionId, LatLon, Problem, text::clean_line};

use super::address_columns::{self, ColumnMap, Found};
use super::pump::{Before, Belt, Row, Seen, digest, pump};
use super::{AddressImport, ImportError, Reject, RejectSink, Summary, source};
use crate::store;
use crate::store::addresses::AddressRow;
use crate::words::house::House;
use crate::words::{signed, street_key};

/// Takes in an address register. Rows without a point are kept: they are found by search, not on the map. Rows that an
/// earlier import had and this file has not stay.
///
/// # Errors
/// [`ImportError`]: the database, the columns, or where the file is broken.
pub async fn import_addresses<R: Read + Send + 'static>(
    db: &Db,
    clock: &Clock,
    ids: &Ids,
    j: JurisdictionId,
    what: AddressImport,
    reader: R,
    sink: &mut dyn RejectSink,
) -> Result<Summary, ImportError> {
    let AddressImport { register, columns } = what;
    if register.as_ref().is_some_and(|name| name.trim().is_empty()) {
        return Err(Problem::new("register", "must not be empty").into());
    }
    let told = register.clone();
    let read = move |belt: &mut Belt<AddressRow>| read(reader, register.as_deref(), columns.as_ref(), belt);
    let began = clock.now();
    let write = |rows: Vec<AddressRow>| {
        let now = clock.now();
        db.write(move |tx| {
            async move {
                let changed = store::addresses::put(tx, j, rows).await?;
                if changed > 0 {
                    store::touch(tx, j, store::SEARCH, now).await?;
                }
                Ok::<_, DbError>(changed)
            }
            .boxed()
        })
    };
    let summary = pump(read, sink, write).await?;
    let ended = super::Ended { jurisdiction: j, began, ended: clock.now(), topic: "addresses", name: told.as_deref().unwrap_or("addresses"), summary };
    super::record(db, ids, ended).await?;
    Ok(summary)
}

/// The reading half.
fn read<R: Read + Send + 'static>(reader: R, register: Option<&str>, columns: Option<&ColumnMap>, belt: &mut Belt<AddressRow>) -> Result<(), ImportError> {
    let (bounded, row_ended) = source::Bounded::new(source::open(reader)?);
    let mut csv = csv::ReaderBuilder::new().flexible(true).from_reader(bounded);
    let header: Vec<String> = csv.byte_headers().map_err(|error| broken(&error, 1))?.iter().map(|name| clean_line(&String::from_utf8_lossy(name))).collect();
    row_ended.tell();
    if header.iter().all(String::is_empty) {
        return Err(ImportError::file("line 1", "the file is empty; a header with the columns' names is needed"));
    }
    let found = address_columns::find(columns, &header)?;
    let register = register.unwrap_or(found.register);
    let mut seen = Seen::default();
    let mut raw = csv::ByteRecord::new();
    loop {
        let line = csv.position().line();
        if !csv.read_byte_record(&mut raw).map_err(|error| broken(&error, line))? {
            return Ok(());
        }
        row_ended.tell();
        let line = raw.position().map_or(line, csv::Position::line);
        let bytes = raw.as_slice().len();
        let reject = |reason: String| Row::Bad(Reject::new(line, reason, &raw.iter().map(String::from_utf8_lossy).collect::<Vec<_>>().join(",")));
        let row = match StringRecord::from_byte_record(raw.clone()) {
            Err(error) => {
                let at = error.utf8_error().field();
                reject(format!("the column {} is not UTF-8", header.get(at).map_or("after the last", String::as_str)))
            }
            Ok(record) if record.len() != header.len() => reject(format!("it has {} fields, the header has {}", record.len(), header.len())),
            Ok(record) => match address(register, &found, &record) {
                Err(reason) => reject(reason),
                Ok(row) => match seen.note(&row.id, row.digest) {
                    Before::Never => Row::Good(row),
                    Before::Same => Row::Again,
                    Before::Other => reject(format!("the id {} already stands for another row of this file", row.id)),
                },
            },
        };
        belt.put(row, bytes)?;
    }
}

fn broken(error: &csv::Error, line: u64) -> ImportError {
    let line = error.position().map_or(line, csv::Position::line);
    let reason = match error.kind() {
        ErrorKind::Io(error) => source::reason(error),
        _ => error.to_string(),
    };
    ImportError::file(format!("after line {line}"), reason)
}

/// The columns of one field, joined.
fn field(record: &StringRecord, places: &[usize]) -> String {
    clean_line(&places.iter().filter_map(|at| record.get(*at)).collect::<Vec<_>>().join(" "))
}

/// A row of one record.
fn address(register: &str, found: &Found, record: &StringRecord) -> Result<AddressRow, String> {
    let Found { register: _, id, number, street, full, unit, city, zip, lon, lat, landmark } = found;
    let point = point(&field(record, lon), &field(record, lat))?;
    let id = field(record, id);
    let full = signed(&field(record, full));
    let mut number_text = field(record, number);
    let mut street_name = signed(&field(record, street));
    let unit = field(record, unit);
    if street_name.is_empty() && !full.is_empty() {
        (number_text, street_name) = taken_apart(&full);
    }
    let street_key = street_key(&street_name);
    // A number that no rule reads stays in the label.
    let house = House::parse(&number_text);
    if street_key.is_empty() && (point.is_none() || id.is_empty()) {
        return Err("it has no street, and not both an id and a point".to_owned());
    }
    let label = if !full.is_empty() {
        full
    } else if street_key.is_empty() {
        format!("{} {id}", if register == "parcels" { "Parcel" } else { "Address" })
    } else {
        let number = house.as_ref().map_or(number_text, House::text);
        let unit = if unit.is_empty() { String::new() } else { format!(" {}", unit_label(&unit)) };
        clean_line(&format!("{number} {street_name}{unit}"))
    };
    let city = signed(&city.iter().filter_map(|at| record.get(*at)).map(clean_line).find(|text| !text.is_empty()).unwrap_or_default());
    let (zip, landmark) = (field(record, zip), field(record, landmark));
    super::bounded(&[
        ("id", &id),
        ("address", &label),
        ("street", &street_name),
        ("unit", &unit),
        ("city", &city),
        ("zip code", &zip),
        ("landmark", &landmark),
    ])?;
    let (number, number_suffix) = house.map_or((None, String::new()), |house| (Some(house.number), house.suffix));
    let place = point.map_or_else(String::new, |p| format!("{} {}", p.lat, p.lon));
    let number_digits = number.map_or_else(String::new, |n| n.to_string());
    let digest = digest([&label, &number_digits, &number_suffix, &street_name, &unit, &city, &zip, &landmark, &place].map(String::as_str));
    // Without an id of its own a row is known by what it says.
    let id = if id.is_empty() { format!("row-{:016x}", u64::from_ne_bytes(digest.to_ne_bytes())) } else { id };
    Ok(AddressRow {
        id,
        register: register.to_owned(),
        label,
        number,
        number_suffix,
        street: street_name,
        street_key,
        unit,
        city,
        zip,
        landmark,
        lat: point.map(|p| p.lat),
        lon: point.map(|p| p.lon),
        cell: point.map(|p| Cell::of(p).0),
        digest,
    })
}

/// The point, absent when both coordinates are empty or 0.
fn point(lon: &str, lat: &str) -> Result<Option<LatLon>, String> {
    if lon.is_empty() && lat.is_empty() {
        return Ok(None);
    }
    let number = |name: &str, text: &str| text.parse::<f64>().map_err(|_| format!("the {name} {text:?} is no number"));
    let (x, y) = (number("longitude", lon)?, number("latitude", lat)?);
    if x == 0.0 && y == 0.0 {
        return Ok(None);
    }
    LatLon::new(y, x).map(Some).ok_or_else(|| format!("the point {lon}, {lat} is out of range; longitude and latitude in degrees (WGS 84) are needed"))
}

/// House number and street of a whole address; what stands behind a comma is not the street.
fn taken_apart(full: &str) -> (String, String) {
    let first = full.split(',').next().unwrap_or_default().trim();
    let tokens: Vec<&str> = first.split(' ').collect();
    for take in [2, 1] {
        if tokens.len() > take {
            let number = tokens[..take].join(" ");
            // "7 E Mill St": the E is a direction, unless it is written on the number.
            if House::parse(&number).is_some_and(|house| take == 1 || crate::words::house::is_fraction(&house.suffix)) {
                return (number, tokens[take..].join(" "));
            }
        }
    }
    (String::new(), first.to_owned())
}

/// A unit as a person reads it: `Apt 4` as it is, a bare `4` as `#4`.
pub(crate) fn unit_label(unit: &str) -> String {
    if unit.chars().all(|c| c.is_ascii_digit() || c == '-') || unit.chars().count() <= 2 { format!("#{unit}") } else { unit.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn one(header: &str, row: &str) -> Result<AddressRow, String> {
        let header: Vec<String> = header.split(',').map(str::to_owned).collect();
        let found = address_columns::find(None, &header).unwrap();
        address(found.register, &found, &StringRecord::from(row.split(',').collect::<Vec<_>>()))
    }

    const OPEN_ADDRESSES: &str = "LON,LAT,NUMBER,STREET,UNIT,CITY,DISTRICT,REGION,POSTCODE,ID,HASH";

    #[test]
    fn a_row_becomes_a_labelled_address() {
        let row = one(OPEN_ADDRESSES, "-93.7,41.6,1200,N MILL ST,4,ALDER FALLS,,IA,50300,A-77,abc").unwrap();
        assert_eq!((row.label.as_str(), row.street_key.as_str(), row.number), ("1200 N Mill St #4", "north mill st", Some(1200)));
        assert_eq!((row.id.as_str(), row.city.as_str(), row.zip.as_str()), ("A-77", "Alder Falls", "50300"));
    }

    #[test]
    fn a_row_without_an_id_keeps_one_that_follows_from_it() {
        let a = one(OPEN_ADDRESSES, "-93.7,41.6,1200,Mill St,,,,,,,").unwrap();
        let b = one(OPEN_ADDRESSES, "-93.7,41.6,1200,Mill St,,,,,,,").unwrap();
        let c = one(OPEN_ADDRESSES, "-93.7,41.6,1202,Mill St,,,,,,,").unwrap();
        assert_eq!(a.id, b.id);
        assert_ne!(a.id, c.id);
    }

    #[test]
    fn what_cannot_be_used_says_why() {
        for (row, says) in [
            ("x,41.6,12,Mill St,,,,,,1,", "the longitude \"x\" is no number"),
            ("-93.7,141.6,12,Mill St,,,,,,1,", "out of range"),
            ("NaN,41.6,12,Mill St,,,,,,1,", "out of range"),
            ("-93.7,,12,Mill St,,,,,,1,", "the latitude \"\" is no number"),
            (",,12,,,,,,,1,", "it has no street"),
        ] {
            assert!(one(OPEN_ADDRESSES, row).unwrap_err().contains(says), "{row}");
        }
        assert_eq!(one(OPEN_ADDRESSES, "0,0,12,Mill St,,,,,,1,").unwrap().lat, None);
    }

    #[test]
    fn whole_addresses_are_taken_apart() {
        let of = |text: &str| taken_apart(text);
        assert_eq!(of("1200 E Mill St, Alder Falls"), ("1200".to_owned(), "E Mill St".to_owned()));
        assert_eq!(of("24 1/2 Mill St"), ("24 1/2".to_owned(), "Mill St".to_owned()));
        assert_eq!(of("1st St"), (String::new(), "1st St".to_owned()));
        assert_eq!(of("Mill St"), (String::new(), "Mill St".to_owned()));
    }

    proptest! {
        #[test]
        fn fuzz_any_fields_make_a_row_or_a_reason(fields in proptest::collection::vec("\\PC{0,20}", 11)) {
            let header: Vec<String> = OPEN_ADDRESSES.split(',').map(str::to_owned).collect();
            let found = address_columns::find(None, &header).unwrap();
            if let Ok(row) = address("addresses", &found, &StringRecord::from(fields)) {
                prop_assert!(!row.id.is_empty() && !row.label.is_empty());
                prop_assert_eq!(row.cell.is_some(), row.lat.is_some());
            }
        }
    }
}
