//! Which properties of street center lines mean what.

use geojson::JsonObject;
use kernel::Problem;

use super::features::property;

/// Properties of a piece of street. A list of properties is joined by blanks; for ids, numbers and zip codes the first
/// that is filled is taken.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StreetFields {
    /// The piece's own id; empty: told apart by name and line.
    pub id: Vec<String>,
    /// The street's name.
    pub name: Vec<String>,
    /// Another name that people use.
    pub alias: Vec<String>,
    /// First house number on the left, in drawing order.
    pub left_from: Vec<String>,
    /// Last house number on the left.
    pub left_to: Vec<String>,
    /// First house number on the right.
    pub right_from: Vec<String>,
    /// Last house number on the right.
    pub right_to: Vec<String>,
    /// Zip code on the left.
    pub left_zip: Vec<String>,
    /// Zip code on the right.
    pub right_zip: Vec<String>,
    /// City.
    pub city: Vec<String>,
}

/// Layouts in use, each known by its name property.
const LAYOUTS: &[(&str, &str)] = &[
    // TIGER/Line, edges and address ranges.
    (
        "FULLNAME",
        "id=TLID,LINEARID\nname=FULLNAME\nleft_from=LFROMADD,LFROMHN\nleft_to=LTOADD,LTOHN\nright_from=RFROMADD,RFROMHN\nright_to=RTOADD,RTOHN\nleft_zip=ZIPL\nright_zip=ZIPR",
    ),
    // Cambridge, Massachusetts.
    (
        "Street",
        "id=GlobalID,ID\nname=Street\nalias=Alias\nleft_from=L_From,Potential_L_From\nleft_to=L_To,Potential_L_To\nright_from=R_From,Potential_R_From\nright_to=R_To,Potential_R_To\n\
         left_zip=ZIP_Left\nright_zip=ZIP_Right",
    ),
    // Esri's local government model, with which many counties publish.
    (
        "FULLNAME_",
        "id=CENTERLINEID\nname=FULLNAME_\nleft_from=FROMLEFT\nleft_to=TOLEFT\nright_from=FROMRIGHT\nright_to=TORIGHT\nleft_zip=ZIPLEFT\nright_zip=ZIPRIGHT",
    ),
];

impl StreetFields {
    /// Reads a map of `field=Property` lines, as [`super::ColumnMap::parse`] does.
    ///
    /// # Errors
    /// A [`Problem`] naming the field that is unknown, empty or twice.
    pub fn parse(text: &str) -> Result<Self, Problem> {
        let mut map = Self::default();
        for line in text.split(['\n', ';']).map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
            let (field, names) = line.split_once('=').ok_or_else(|| Problem::new("fields", format!("has the line {line:?}; write field=Property")))?;
            let field = field.trim();
            let names = names.trim().trim_start_matches('[').trim_end_matches(']');
            let names: Vec<String> = names.split(',').map(|n| n.trim().trim_matches('"').trim()).filter(|n| !n.is_empty()).map(str::to_owned).collect();
            if names.is_empty() {
                return Err(Problem::new(field, "names no property"));
            }
            let slot = match field {
                "id" => &mut map.id,
                "name" => &mut map.name,
                "alias" => &mut map.alias,
                "left_from" => &mut map.left_from,
                "left_to" => &mut map.left_to,
                "right_from" => &mut map.right_from,
                "right_to" => &mut map.right_to,
                "left_zip" => &mut map.left_zip,
                "right_zip" => &mut map.right_zip,
                "city" => &mut map.city,
                _ => {
                    let known = "id, name, alias, left_from, left_to, right_from, right_to, left_zip, right_zip and city";
                    return Err(Problem::new(field, format!("is no field of a street; there are {known}")));
                }
            };
            if !slot.is_empty() {
                return Err(Problem::new(field, "appears twice"));
            }
            *slot = names;
        }
        if map.name.is_empty() {
            return Err(Problem::new("name", "is missing: which property holds the street's name?"));
        }
        Ok(map)
    }

    /// The layout that a feature's properties tell.
    pub(super) fn known(properties: &JsonObject) -> Option<Self> {
        let has = |name: &str| properties.keys().any(|key| key.eq_ignore_ascii_case(name));
        LAYOUTS
            .iter()
            .find(|(mark, map)| {
                // The name alone is common; a layout is known by its house numbers as well.
                has(mark) && Self::parse(map).is_ok_and(|fields| fields.left_from.iter().any(|name| has(name)))
            })
            .and_then(|(_, map)| Self::parse(map).ok())
    }
}

/// The properties joined.
pub(super) fn joined(properties: &JsonObject, names: &[String]) -> String {
    names.iter().filter_map(|name| property(properties, name)).collect::<Vec<_>>().join(" ")
}

/// The first property that is filled.
pub(super) fn first(properties: &JsonObject, names: &[String]) -> Option<String> {
    names.iter().find_map(|name| property(properties, name))
}

/// The first property that holds a house number; -1 and 0 stand for none.
pub(super) fn number(properties: &JsonObject, names: &[String]) -> Option<i64> {
    names.iter().filter_map(|name| property(properties, name)).find_map(|text| text.parse::<i64>().ok().filter(|n| (1..1_000_000_000).contains(n)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_known_layout_is_a_readable_map() {
        for (_, map) in LAYOUTS {
            StreetFields::parse(map).unwrap();
        }
        assert!(StreetFields::parse("id=A").unwrap_err().to_string().starts_with("name is missing"));
        assert!(StreetFields::parse("name=A;name=B").unwrap_err().to_string().starts_with("name appears twice"));
        assert!(StreetFields::parse("nom=A").unwrap_err().to_string().starts_with("nom is no field of a street"));
    }

    #[test]
    fn house_numbers_of_a_side_are_read() {
        let properties: JsonObject = serde_json::from_str(r#"{"FULLNAME":"Mill St","LFROMADD":"100","LTOADD":"198","RFROMADD":-1,"TLID":7}"#).unwrap();
        let fields = StreetFields::known(&properties).unwrap();
        assert_eq!((number(&properties, &fields.left_from), number(&properties, &fields.right_from)), (Some(100), None));
        assert_eq!(joined(&properties, &fields.name), "Mill St");
        assert_eq!(StreetFields::known(&serde_json::from_str(r#"{"Street":"Mill St"}"#).unwrap()), None);
    }
}
