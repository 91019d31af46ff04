//! Which columns of an address register mean what: found out from the header for the layouts that are common, said by
//! the city for the others.

use kernel::Problem;

/// Columns of an address register. A list of columns is joined by blanks, so that a street in parts can be put together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ColumnMap {
    /// The register's id.
    pub id: Vec<String>,
    /// House number, with its suffix column if there is one.
    pub number: Vec<String>,
    /// Street name in writing order.
    pub street: Vec<String>,
    /// The whole address as the city writes it; alone, it is taken apart.
    pub full: Vec<String>,
    /// Apartment or suite.
    pub unit: Vec<String>,
    /// City or post town.
    pub city: Vec<String>,
    /// Zip code.
    pub zip: Vec<String>,
    /// Longitude, degrees.
    pub lon: Vec<String>,
    /// Latitude, degrees.
    pub lat: Vec<String>,
    /// Name of a landmark at this address.
    pub landmark: Vec<String>,
}

/// A layout that a header tells: the columns by which it is known, the register's name, the map as `field=Column`.
struct Layout {
    register: &'static str,
    known_by: &'static [&'static str],
    map: &'static str,
}

const LAYOUTS: &[Layout] = &[
    Layout {
        // OpenAddresses, processed CSV.
        register: "addresses",
        known_by: &["LON", "LAT", "NUMBER", "STREET", "HASH"],
        map: "id=ID\nnumber=NUMBER\nstreet=STREET\nunit=UNIT\ncity=CITY\nzip=POSTCODE\nlon=LON\nlat=LAT",
    },
    Layout {
        // National Address Database, text release.
        register: "addresses",
        known_by: &["Add_Number", "St_Name", "Longitude", "Latitude"],
        map: "id=UUID\nnumber=AddNum_Pre,Add_Number,AddNum_Suf\nstreet=St_PreMod,St_PreDir,St_PreTyp,St_PreSep,St_Name,St_PosTyp,St_PosDir,St_PosMod\n\
              unit=Unit\ncity=Post_City,Inc_Muni\nzip=Zip_Code\nlon=Longitude\nlat=Latitude\nlandmark=LandmkName",
    },
    Layout {
        // Cambridge, Massachusetts.
        register: "addresses",
        known_by: &["address_id", "street_number", "street_name", "longitude", "latitude"],
        map: "id=address_id\nnumber=street_number,street_number_suffix\nstreet=street_name,street_suffix,dir_suffix\nfull=full_address\nunit=unit\ncity=city\nzip=zip\n\
              lon=longitude\nlat=latitude\nlandmark=poi_name",
    },
    Layout {
        // Points of parcels: an id and a place, no street.
        register: "parcels",
        known_by: &["kivapin", "longitude", "latitude"],
        map: "id=kivapin\nlon=longitude\nlat=latitude",
    },
];

impl ColumnMap {
    /// Reads a map: either lines (or a `;` list) of `field=Column`, several columns parted by commas, or the same as TOML
    /// (`street = ["St_Name", "St_PosTyp"]`, `id = "UUID"`). Lines that begin with `#` say nothing.
    ///
    /// # Errors
    /// A [`Problem`] naming the field that is unknown, empty or twice.
    pub fn parse(text: &str) -> Result<Self, Problem> {
        let mut map = Self::default();
        let mut any = false;
        for line in text.split(['\n', ';']).map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
            let (field, columns) = line.split_once('=').ok_or_else(|| Problem::new("columns", format!("has the line {line:?}; write field=Column")))?;
            let columns = columns.trim().trim_start_matches('[').trim_end_matches(']');
            let columns: Vec<String> = columns.split(',').map(|c| c.trim().trim_matches('"').trim()).filter(|c| !c.is_empty()).map(str::to_owned).collect();
            if columns.is_empty() {
                return Err(Problem::new(field.trim(), "names no column"));
            }
            let slot = map.slot(field.trim()).ok_or_else(|| {
                Problem::new(field.trim(), "is no field of an address; there are id, number, street, full, unit, city, zip, lon, lat and landmark")
            })?;
            if !slot.is_empty() {
                return Err(Problem::new(field.trim(), "appears twice"));
            }
            *slot = columns;
            any = true;
        }
        if !any {
            return Err(Problem::new("columns", "is empty; write field=Column"));
        }
        if map.lon.is_empty() != map.lat.is_empty() {
            return Err(Problem::new("lon and lat", "belong together"));
        }
        if map.street.is_empty() && map.full.is_empty() && (map.id.is_empty() || map.lon.is_empty()) {
            return Err(Problem::new("columns", "need street or full, or else id with lon and lat"));
        }
        Ok(map)
    }

    fn slot(&mut self, field: &str) -> Option<&mut Vec<String>> {
        Some(match field {
            "id" => &mut self.id,
            "number" => &mut self.number,
            "street" => &mut self.street,
            "full" => &mut self.full,
            "unit" => &mut self.unit,
            "city" => &mut self.city,
            "zip" => &mut self.zip,
            "lon" => &mut self.lon,
            "lat" => &mut self.lat,
            "landmark" => &mut self.landmark,
            _ => return None,
        })
    }
}

/// Columns of one field, as places in the header.
pub(super) type Places = Vec<usize>;

/// A map with its columns found in a header.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) register: &'static str,
    pub(super) id: Places,
    pub(super) number: Places,
    pub(super) street: Places,
    pub(super) full: Places,
    pub(super) unit: Places,
    pub(super) city: Places,
    pub(super) zip: Places,
    pub(super) lon: Places,
    pub(super) lat: Places,
    pub(super) landmark: Places,
}

fn place(header: &[String], column: &str) -> Option<usize> {
    header.iter().position(|name| name == column).or_else(|| header.iter().position(|name| name.eq_ignore_ascii_case(column)))
}

/// Finds a map's columns in the header; without a map, the layout whose marks it bears. A map's columns must all be
/// there; of a known layout those that are.
pub(super) fn find(map: Option<&ColumnMap>, header: &[String]) -> Result<Found, Problem> {
    let (map, register, must) = match map {
        Some(map) => (map.clone(), "addresses", true),
        None => {
            let layout = LAYOUTS.iter().find(|layout| layout.known_by.iter().all(|column| place(header, column).is_some())).ok_or_else(|| {
                Problem::new(
                    "columns",
                    format!("must be given: the header is none of a known layout (OpenAddresses, NAD, Cambridge, parcel points); it has {}", header.join(", ")),
                )
            })?;
            (ColumnMap::parse(layout.map)?, layout.register, false)
        }
    };
    let of = |field: &str, columns: &[String]| -> Result<Places, Problem> {
        let mut places = Vec::with_capacity(columns.len());
        for column in columns {
            match place(header, column) {
                Some(at) => places.push(at),
                None if must => {
                    return Err(Problem::new(field, format!("is to come from the column {column:?}, which the file has not; it has {}", header.join(", "))));
                }
                None => {}
            }
        }
        Ok(places)
    };
    let ColumnMap { id, number, street, full, unit, city, zip, lon, lat, landmark } = &map;
    Ok(Found {
        register,
        id: of("id", id)?,
        number: of("number", number)?,
        street: of("street", street)?,
        full: of("full", full)?,
        unit: of("unit", unit)?,
        // Of several city columns (post town, municipality) the first that is filled is taken.
        city: of("city", city)?,
        zip: of("zip", zip)?,
        lon: of("lon", lon)?,
        lat: of("lat", lat)?,
        landmark: of("landmark", landmark)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(text: &str) -> Vec<String> {
        text.split(',').map(str::to_owned).collect()
    }

    #[test]
    fn every_known_layout_is_a_readable_map() {
        for layout in LAYOUTS {
            ColumnMap::parse(layout.map).unwrap();
        }
    }

    #[test]
    fn layouts_are_told_by_their_header() {
        let found = find(None, &header("LON,LAT,NUMBER,STREET,UNIT,CITY,DISTRICT,REGION,POSTCODE,ID,HASH")).unwrap();
        assert_eq!((found.lon, found.street, found.id), (vec![0], vec![3], vec![9]));
        let found = find(None, &header("kivapin,longitude,latitude,landuse")).unwrap();
        assert_eq!((found.register, found.id, found.street), ("parcels", vec![0], vec![]));
        let found = find(None, &header("UUID,Add_Number,AddNum_Suf,St_PreDir,St_Name,St_PosTyp,Zip_Code,Longitude,Latitude")).unwrap();
        assert_eq!((found.number, found.street), (vec![1, 2], vec![3, 4, 5]));
        assert!(find(None, &header("a,b,c")).unwrap_err().to_string().contains("it has a, b, c"));
    }

    #[test]
    fn maps_are_read_as_a_list_and_as_toml() {
        let list = ColumnMap::parse("id=UUID; street=St_Name,St_PosTyp;lon=X;lat=Y").unwrap();
        let toml = ColumnMap::parse("# ours\nid = \"UUID\"\nstreet = [\"St_Name\", \"St_PosTyp\"]\nlon = \"X\"\nlat = \"Y\"\n").unwrap();
        assert_eq!(list, toml);
        assert!(find(Some(&list), &header("UUID,St_Name,X,Y")).unwrap_err().to_string().starts_with("street is to come from the column \"St_PosTyp\""));
        for (text, says) in [
            ("", "columns is empty"),
            ("id", "columns has the line"),
            ("nr=A", "nr is no field"),
            ("street=A;street=B", "street appears twice"),
            ("street=A;lon=X", "lon and lat belong together"),
            ("id=A", "columns need street"),
            ("street=", "street names no column"),
        ] {
            let problem = ColumnMap::parse(text).unwrap_err().to_string();
            assert!(problem.starts_with(says), "{text}: {problem}");
        }
    }

    proptest::proptest! {
        #[test]
        fn fuzz_any_text_is_a_map_or_a_problem(text in "(id|street|full|lon|lat|number|x)?[=;\n,\\[\"#a-z ]{0,40}", any in "\\PC{0,80}") {
            let _ = (ColumnMap::parse(&text), ColumnMap::parse(&any), crate::StreetFields::parse(&text));
        }
    }
}
