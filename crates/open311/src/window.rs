//! How a list is bounded: the standard's 90 days and 1,000 requests, and the pages that lift the first.

use kernel::{Problem, Timestamp};
use requests::Span;

use crate::dates::{Bound, bound};
use crate::fields::Fields;

/// The most requests of one answer without pages.
pub(crate) const MOST_REQUESTS: u64 = 1_000;
/// The size of a page when the caller names none.
const PAGE: u64 = 50;
/// The largest page.
const MOST_PAGE: u64 = 500;
/// 90 days in milliseconds.
const NINETY_DAYS: i64 = 90 * 86_400_000;

/// Part of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Part {
    pub limit: u64,
    pub offset: u64,
    /// Whether the caller goes page by page.
    pub paged: bool,
}

/// Reads `page`, `page_size` and `max_requests`. Junk counts as the usual: page 1, 50 on a page, no limit of its own.
///
/// # Errors
/// When one is not UTF-8.
pub(crate) fn part(fields: &Fields) -> Result<Part, Problem> {
    let (page, size) = (fields.get("page")?, fields.get("page_size")?);
    let most = fields.get("max_requests")?.and_then(counted).unwrap_or(u64::MAX);
    if page.is_none() && size.is_none() {
        return Ok(Part { limit: MOST_REQUESTS.min(most), offset: 0, paged: false });
    }
    let size = size.and_then(counted).unwrap_or(PAGE).min(MOST_PAGE);
    let page = page.and_then(counted).unwrap_or(1);
    // Both engines count in signed 64 bits.
    let offset = (page - 1).saturating_mul(size).min(i64::MAX.unsigned_abs() - MOST_PAGE);
    Ok(Part { limit: size.min(most), offset, paged: true })
}

/// A whole number from 1 on; one that is too large for any use counts as the largest.
fn counted(text: &str) -> Option<u64> {
    let digits = text.strip_prefix('+').unwrap_or(text);
    let is_number = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
    is_number.then(|| digits.parse().unwrap_or(u64::MAX)).filter(|number| *number > 0)
}

/// The window on when requests were asked for. `changed` says that the caller bounds the changes instead, and `paged` that
/// it goes page by page; then a span longer than 90 days is obeyed.
///
/// # Errors
/// A [`Problem`] for a date that cannot be read.
pub(crate) fn requested(fields: &Fields, changed: bool, paged: bool, now: Timestamp) -> Result<Span, Problem> {
    let start = fields.get("start_date")?.map(|text| bound("start_date", text, Bound::First)).transpose()?;
    let end = match fields.get("end_date")? {
        Some(text) => Some((bound("end_date", text, Bound::First)?, bound("end_date", text, Bound::Last)?)),
        None => None,
    };
    Ok(span(start, end, changed, paged, now))
}

/// `end` as its first and its last moment, which differ for a whole second or a whole day.
fn span(start: Option<Timestamp>, end: Option<(Timestamp, Timestamp)>, changed: bool, paged: bool, now: Timestamp) -> Span {
    let from_until = |from, until| Span { from: Some(from), until: Some(until) };
    match (start, end) {
        (None, None) if changed => Span::default(),
        (None, None) => from_until(now.plus_millis(-NINETY_DAYS), now),
        (Some(start), None) if changed || paged => Span { from: Some(start), until: None },
        (Some(start), None) => from_until(start, start.plus_millis(NINETY_DAYS)),
        (None, Some((_, last))) if changed => Span { from: None, until: Some(last) },
        (None, Some((first, last))) => from_until(first.plus_millis(-NINETY_DAYS), last),
        (Some(start), Some((_, last))) if paged => from_until(start, last),
        (Some(start), Some((first, last))) => from_until(start.max(first.plus_millis(-NINETY_DAYS)), last),
    }
}

/// The window on when requests changed.
///
/// # Errors
/// A [`Problem`] for a date that cannot be read.
pub(crate) fn updated(fields: &Fields) -> Result<Span, Problem> {
    let from = fields.get("updated_after")?.map(|text| bound("updated_after", text, Bound::First)).transpose()?;
    let until = fields.get("updated_before")?.map(|text| bound("updated_before", text, Bound::Last)).transpose()?;
    Ok(Span { from, until })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::fields::split;
    use crate::surface::{OPERATIONS, OperationId};

    const DAY: i64 = 86_400_000;

    fn listing(query: &str) -> Fields {
        let operation = OPERATIONS.iter().find(|o| o.id == OperationId::ListRequests).unwrap();
        Fields::new(operation, Vec::new(), split(query.as_bytes()).unwrap(), Vec::new())
    }

    fn now() -> Timestamp {
        Timestamp::from_millis(1_772_463_600_000)
    }

    fn days(query: &str, changed: bool, paged: bool) -> (Option<i64>, Option<i64>) {
        let span = requested(&listing(query), changed, paged, now()).unwrap();
        let day = |at: Timestamp| (at.millis() - now().millis()) / DAY;
        (span.from.map(day), span.until.map(day))
    }

    /// The clock stands at 2026-03-02T15:00:00Z: sections 8 and 17 of the contract.
    #[test]
    fn ninety_days_are_the_rule_and_pages_lift_it() {
        assert_eq!(days("", false, false), (Some(-90), Some(0)));
        assert_eq!(days("", false, true), (Some(-90), Some(0)));
        assert_eq!(days("", true, false), (None, None));
        assert_eq!(days("start_date=2025-03-02T15:00:00Z", false, false), (Some(-365), Some(-275)));
        assert_eq!(days("start_date=2025-03-02T15:00:00Z", false, true), (Some(-365), None));
        assert_eq!(days("end_date=2025-03-02T15:00:00Z", false, false), (Some(-455), Some(-364)));
        assert_eq!(
            days("start_date=2020-03-02T15:00:00Z&end_date=2026-03-02T15:00:00Z", false, false),
            (Some(-90), Some(0)),
            "the end is kept, the start moves"
        );
        assert_eq!(days("start_date=2020-03-02T15:00:00Z&end_date=2026-03-02T15:00:00Z", false, true), (Some(-2191), Some(0)));
    }

    #[test]
    fn exactly_ninety_days_are_not_cut() {
        let query = "start_date=2025-12-02T15:00:00Z&end_date=2026-03-02T15:00:00Z";
        let span = requested(&listing(query), false, false, now()).unwrap();
        assert_eq!(span.from.unwrap().to_string(), "2025-12-02T15:00:00Z");
        assert_eq!(span.until.unwrap().millis(), now().millis() + 999);
    }

    #[test]
    fn pages_count_from_one_and_junk_is_the_first() {
        let of = |query: &str| {
            let Part { limit, offset, paged } = part(&listing(query)).unwrap();
            (limit, offset, paged)
        };
        assert_eq!(of(""), (1000, 0, false));
        assert_eq!(of("page=&page_size="), (1000, 0, false));
        assert_eq!(of("page=1"), (50, 0, true));
        assert_eq!(of("page=0"), (50, 0, true));
        assert_eq!(of("page=three"), (50, 0, true));
        assert_eq!(of("page=-4"), (50, 0, true));
        assert_eq!(of("page=3&page_size=20"), (20, 40, true));
        assert_eq!(of("page_size=501"), (500, 0, true));
        assert_eq!(of("page_size=0"), (50, 0, true));
        assert_eq!(of("max_requests=7"), (7, 0, false));
        assert_eq!(of("max_requests=70000"), (1000, 0, false));
    }

    proptest! {
        #[test]
        fn fuzz_page_numbers_never_pass_what_the_engines_count(page in any::<String>(), number: u128, size: u128) {
            for query in [format!("page={number}&page_size={size}"), format!("page_size={number}"), format!("page={size}")] {
                let part = part(&listing(&query)).unwrap();
                prop_assert!(part.limit >= 1 && part.limit <= MOST_PAGE);
                prop_assert!(i64::try_from(part.offset + part.limit).is_ok());
            }
            let encoded: String = form_urlencoded::byte_serialize(page.as_bytes()).collect();
            let read = part(&listing(&format!("page={encoded}")));
            prop_assert!(read.is_ok());
        }
    }
}
