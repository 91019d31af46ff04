//! `requests`, read: the list with all its filters.

use catalog::Catalog;
use kernel::{BBox, LatLon, Problem};
use requests::{Filter, Order};

use super::{Call, is_on};
use crate::document::Document;
use crate::fields::{Fields, shown};
use crate::refusal::Refusal;
use crate::show::{Teller, for_staff};
use crate::window::{self, MOST_REQUESTS};
use crate::wire;

/// The largest circle that a list may be asked for, in metres.
const MOST_RADIUS: f64 = 50_000.0;

pub(crate) async fn answer(call: &Call<'_>) -> Result<Document, Refusal> {
    let (desk, fields) = (call.desk, &call.fields);
    let jurisdiction = desk.jurisdiction(fields).await?;
    let catalog = desk.catalog(&jurisdiction).await?;
    let extended = is_on(fields.get("extensions")?);
    let filter = filter(fields, &catalog, desk.requests.clock().now())?;
    let teller = Teller::new(&jurisdiction, catalog, fields.get("locale")?, &desk.base_url(&jurisdiction, call.headers));
    let found = match filter {
        Some(filter) => desk.requests.list(&jurisdiction, &filter).await?,
        None => Vec::new(),
    };
    let told = teller.tell(desk, &jurisdiction, found, extended).await?;
    Ok(wire::service_requests(told.into_iter().map(wire::ServiceRequest::node).collect()))
}

/// What the parameters ask for; `None` where nothing can fit them. Every problem is told at once.
fn filter(fields: &Fields, catalog: &Catalog, now: kernel::Timestamp) -> Result<Option<Filter>, Refusal> {
    if let Some(numbers) = fields.list("service_request_id")? {
        let most = usize::try_from(MOST_REQUESTS).unwrap_or(usize::MAX);
        let numbers = numbers.into_iter().take(most).map(in_our_spelling).collect();
        return Ok(Some(Filter { numbers: Some(numbers), except_services: for_staff(catalog), limit: MOST_REQUESTS, ..Filter::default() }));
    }
    let mut problems = Vec::new();
    let part = kept(window::part(fields), &mut problems).unwrap_or(window::Part { limit: MOST_REQUESTS, offset: 0, paged: false });
    let updated = kept(window::updated(fields), &mut problems).unwrap_or_default();
    let changed = updated.from.is_some() || updated.until.is_some();
    let requested = kept(window::requested(fields, changed, part.paged, now), &mut problems).unwrap_or_default();
    let open = kept(status(fields), &mut problems).flatten();
    let inside = kept(bbox(fields), &mut problems).flatten();
    let near = kept(circle(fields), &mut problems).flatten();
    let services = kept(fields.list("service_code"), &mut problems).flatten();
    let agency = kept(fields.get("agency_responsible"), &mut problems).flatten();
    if !problems.is_empty() {
        return Err(Refusal::Problems(problems));
    }
    let department = match agency {
        None => None,
        Some(wanted) => {
            let fits = |d: &&staff::Department| d.name.eq_ignore_ascii_case(wanted) || d.code.eq_ignore_ascii_case(wanted);
            let Some(department) = catalog.departments.iter().find(fits) else { return Ok(None) };
            Some(department.code.clone())
        }
    };
    let filter = Filter {
        numbers: None,
        services,
        except_services: for_staff(catalog),
        open,
        requested,
        updated,
        department,
        inside,
        near,
        with_private: false,
        order: Order::NewestFirst,
        limit: part.limit,
        offset: part.offset,
    };
    Ok(Some(filter))
}

fn kept<T>(read: Result<T, Problem>, problems: &mut Vec<Problem>) -> Option<T> {
    read.map_err(|problem| problems.push(problem)).ok()
}

/// One of our own numbers as it is stored, in whatever way a person typed it; any other stays as it is.
fn in_our_spelling(number: String) -> String {
    number.parse::<kernel::TrackingNumber>().map_or(number, |own| own.to_string())
}

/// `open`, `closed` or both.
fn status(fields: &Fields) -> Result<Option<bool>, Problem> {
    let (mut open, mut closed) = (false, false);
    for status in fields.list("status")?.unwrap_or_default() {
        match status.to_ascii_lowercase().as_str() {
            "open" => open = true,
            "closed" => closed = true,
            _ => return Err(Problem::new("status", format!("may be open, closed or both parted by a comma, not {:?}", shown(&status)))),
        }
    }
    Ok((open != closed).then_some(open))
}

/// A finite number.
pub(crate) fn number(field: &str, text: &str) -> Result<f64, Problem> {
    let plain = text.len() <= 40 && text.bytes().all(|b| b.is_ascii_digit() || b"+-.eE".contains(&b));
    let read = if plain { text.parse::<f64>().ok().filter(|number| number.is_finite()) } else { None };
    read.ok_or_else(|| Problem::new(field, "must be a number, such as 41.6"))
}

/// A point from `lat` and `long`: both or neither.
pub(crate) fn point(fields: &Fields) -> Result<Option<LatLon>, Vec<Problem>> {
    let read = |name: &str| fields.get(name).and_then(|text| text.map(|text| number(name, text)).transpose());
    let mut problems = Vec::new();
    let (lat, long) = (kept(read("lat"), &mut problems), kept(read("long"), &mut problems));
    match (lat, long) {
        (Some(None), Some(None)) => Ok(None),
        (Some(Some(lat)), Some(Some(long))) => {
            if lat.abs() > 90.0 {
                problems.push(Problem::new("lat", "must lie between -90 and 90"));
            }
            if long.abs() > 180.0 {
                problems.push(Problem::new("long", "must lie between -180 and 180"));
            }
            LatLon::new(lat, long).map(Some).ok_or(problems)
        }
        (Some(Some(_)), Some(None)) => Err(vec![Problem::new("long", "is required with lat")]),
        (Some(None), Some(Some(_))) => Err(vec![Problem::new("lat", "is required with long")]),
        _ => Err(problems),
    }
}

/// A circle from `lat`, `long` and `radius`: all three or none.
fn circle(fields: &Fields) -> Result<Option<(LatLon, f64)>, Problem> {
    let point = point(fields).map_err(|mut problems| problems.remove(0))?;
    let radius = fields.get("radius")?.map(|text| number("radius", text)).transpose()?;
    match (point, radius) {
        (None, None) => Ok(None),
        (Some(_), Some(radius)) if radius <= 0.0 => Err(Problem::new("radius", "must be more than 0 metres")),
        (Some(point), Some(radius)) => Ok(Some((point, radius.min(MOST_RADIUS)))),
        (Some(_), None) => Err(Problem::new("radius", "is required with lat and long, in metres")),
        (None, Some(_)) => Err(Problem::new("lat", "and long are required with radius")),
    }
}

/// A box. uReport, from which the parameter comes, writes south,west,north,east; where that cannot be meant, the order of
/// GeoJSON is.
fn bbox(fields: &Fields) -> Result<Option<BBox>, Problem> {
    let Some(text) = fields.get("bbox")? else { return Ok(None) };
    let wrong = || Problem::new("bbox", "must be south,west,north,east in degrees, such as 41.55,-93.75,41.65,-93.65");
    let numbers: Vec<f64> = text.split(',').map(|part| number("bbox", part.trim())).collect::<Result<_, _>>().map_err(|_| wrong())?;
    let [a, b, c, d] = numbers[..] else { return Err(wrong()) };
    let whole = |south: f64, west: f64, north: f64, east: f64| {
        let on_globe = LatLon::new(south, west).is_some() && LatLon::new(north, east).is_some();
        (on_globe && south <= north && west <= east).then_some(BBox { south, west, north, east })
    };
    whole(a, b, c, d).or_else(|| whole(b, a, d, c)).map(Some).ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::fields::split;
    use crate::surface::{OPERATIONS, OperationId};

    fn listing(query: &str) -> Fields {
        let operation = OPERATIONS.iter().find(|o| o.id == OperationId::ListRequests).unwrap();
        Fields::new(operation, Vec::new(), split(query.as_bytes()).unwrap(), Vec::new())
    }

    #[test]
    fn both_statuses_are_no_filter() {
        for (query, expected) in
            [("", None), ("status=open", Some(true)), ("status=CLOSED", Some(false)), ("status=open,closed", None), ("status=closed&status=open", None)]
        {
            assert_eq!(status(&listing(query)), Ok(expected), "{query}");
        }
        assert_eq!(status(&listing("status=done")).unwrap_err().field, "status");
    }

    #[test]
    fn boxes_are_read_in_either_order_where_only_one_fits() {
        let expected = Some(BBox { south: 41.55, west: -93.75, north: 41.65, east: -93.65 });
        assert_eq!(bbox(&listing("bbox=41.55,-93.75,41.65,-93.65")), Ok(expected));
        assert_eq!(bbox(&listing("bbox=-93.75,41.55,-93.65,41.65")), Ok(expected));
        for bad in ["1,2,3", "a,b,c,d", "41.65,-93.75,41.55,-93.65", "NaN,0,1,1", "1,2,3,4,5", "100,200,300,400"] {
            assert_eq!(bbox(&listing(&format!("bbox={bad}"))).unwrap_err().field, "bbox", "{bad}");
        }
    }

    #[test]
    fn a_circle_needs_all_three() {
        assert_eq!(circle(&listing("lat=41.6&long=-93.7&radius=500")), Ok(LatLon::new(41.6, -93.7).map(|point| (point, 500.0))));
        for (query, field) in [
            ("lat=41.6", "long"),
            ("long=1", "lat"),
            ("lat=41.6&long=-93.7", "radius"),
            ("radius=5", "lat"),
            ("lat=91&long=0&radius=1", "lat"),
            ("lat=inf&long=0&radius=1", "lat"),
            ("lat=1&long=1&radius=-1", "radius"),
        ] {
            assert_eq!(circle(&listing(query)).unwrap_err().field, field, "{query}");
        }
    }

    proptest! {
        #[test]
        fn fuzz_numbers_are_finite_or_refused(text in any::<String>(), near in "[-+0-9.eE]{0,45}") {
            for text in [text, near] {
                if let Ok(read) = number("lat", &text) {
                    prop_assert!(read.is_finite());
                }
            }
        }
    }
}
