//! What to call a point: the house it stands by, else the block of a street, else the corner, else a parcel.

use db::{Db, DbError};
use kernel::{JurisdictionId, LatLon};

use crate::store::streets::Segment;
use crate::{HitKind, Nearby, line, store};

/// A house this near names the point, metres.
const HOUSE_M: f64 = 60.0;
/// A street this near names it.
const STREET_M: f64 = 100.0;
/// A corner this near.
const CORNER_M: f64 = 200.0;

/// The name of a point, or `None` far from everything.
pub(crate) async fn reverse(db: &Db, j: JurisdictionId, point: LatLon) -> Result<Option<Nearby>, DbError> {
    if let Some(found) = address(db, j, point, true).await? {
        return Ok(Some(found));
    }
    if let Some(found) = block(db, j, point).await? {
        return Ok(Some(found));
    }
    if let Some(found) = corner(db, j, point).await? {
        return Ok(Some(found));
    }
    address(db, j, point, false).await
}

async fn address(db: &Db, j: JurisdictionId, point: LatLon, streets_only: bool) -> Result<Option<Nearby>, DbError> {
    let rows = store::addresses::in_box(db.read(), j, &point.around(HOUSE_M), streets_only).await?;
    let near = rows.into_iter().filter_map(|row| Some((row.point()?.distance_m(point), row))).filter(|(distance, _)| *distance <= HOUSE_M);
    // Units of one house stand at one point: the house without a unit comes first.
    let nearest = near.min_by(|a, b| a.0.total_cmp(&b.0).then_with(|| a.1.unit.cmp(&b.1.unit)).then_with(|| a.1.id.cmp(&b.1.id)));
    Ok(nearest.map(|(distance_m, row)| Nearby {
        label: row.label,
        kind: HitKind::Address,
        distance_m,
        address_id: Some(row.id),
        zip: (!row.zip.is_empty()).then_some(row.zip),
    }))
}

async fn block(db: &Db, j: JurisdictionId, point: LatLon) -> Result<Option<Nearby>, DbError> {
    let pieces = store::streets::in_box(db.read(), j, &point.around(STREET_M)).await?;
    let near = pieces.iter().filter_map(|piece| Some((line::beside(&line::parse(&piece.line)?, point)?, piece)));
    let nearest =
        near.filter(|(beside, _)| beside.distance_m <= STREET_M).min_by(|a, b| a.0.distance_m.total_cmp(&b.0.distance_m).then_with(|| a.1.line.cmp(&b.1.line)));
    Ok(nearest.map(|(beside, piece)| {
        let label = block_number(piece, beside).map_or_else(|| piece.name.clone(), |block| format!("{block} block of {}", piece.name));
        let zip = if beside.left { &piece.left_zip } else { &piece.right_zip };
        Nearby { label, kind: HitKind::Street, distance_m: beside.distance_m, address_id: None, zip: (!zip.is_empty()).then(|| zip.clone()) }
    }))
}

/// The hundred in which the house number falls that would stand here; below 100 it is called the unit block, or 1.
fn block_number(piece: &Segment, beside: line::Beside) -> Option<i64> {
    let (left, right) = (piece.left_from.zip(piece.left_to), piece.right_from.zip(piece.right_to));
    let (from, to) = if beside.left { left.or(right)? } else { right.or(left)? };
    #[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, reason = "house numbers have at most nine digits")]
    let number = (from as f64 + (to - from) as f64 * beside.share).round() as i64;
    Some((number / 100 * 100).max(1))
}

async fn corner(db: &Db, j: JurisdictionId, point: LatLon) -> Result<Option<Nearby>, DbError> {
    let rows = store::streets::corners_in_box(db.read(), j, &point.around(CORNER_M)).await?;
    let near = rows.into_iter().filter_map(|row| Some((row.point()?.distance_m(point), row)));
    let nearest = near
        .filter(|(distance, _)| *distance <= CORNER_M)
        .min_by(|a, b| a.0.total_cmp(&b.0).then_with(|| (&a.1.street_a_key, &a.1.street_b_key).cmp(&(&b.1.street_a_key, &b.1.street_b_key))));
    Ok(nearest.map(|(distance_m, row)| Nearby {
        label: format!("{} & {}", row.name_a, row.name_b),
        kind: HitKind::Corner,
        distance_m,
        address_id: None,
        zip: None,
    }))
}
