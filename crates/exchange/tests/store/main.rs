//! Imports and exports on both engines: rows of Alder Falls, and the real files of six cities where they are at hand.

#![expect(clippy::unwrap_used, clippy::print_stderr, reason = "a test says what is wrong by failing, and what it found")]

mod alder_falls;
mod cities;
mod export;
mod kansas_city;
mod odd_files;

use std::collections::BTreeMap;
use std::io::Read;
use std::path::PathBuf;

use exchange::{City, ImportError, ImportOptions, Map, Summary, import_requests};
use places::{BoundaryImport, Places, import_boundaries};
use requests::{Filter, Request, Requests};
use staff::NewJurisdiction;
use testkit::TestDb;

/// Alder Falls, or another city of this name and zone, with all tables and no rows.
pub(crate) async fn city(t: &TestDb, code: &str, timezone: &str) -> City {
    t.migrate(&[events::MIGRATIONS, staff::MIGRATIONS, catalog::MIGRATIONS, places::MIGRATIONS, requests::MIGRATIONS]).await;
    let new = NewJurisdiction {
        code: code.into(),
        name: format!("City of {code}"),
        timezone: timezone.into(),
        contact: "311".into(),
        key_service: "Ask the clerk.".into(),
    };
    let jurisdiction = staff::create_jurisdiction(&t.db, &t.clock, &t.ids, new).await.unwrap();
    let places = Places::open(t.db.clone(), t.folder.path().join("search"));
    City { db: t.db.clone(), clock: t.clock.clone(), ids: t.ids.clone(), places, jurisdiction }
}

pub(crate) async fn alder_falls(t: &TestDb) -> City {
    city(t, testkit::alder_falls::CODE, testkit::alder_falls::TIMEZONE).await
}

pub(crate) fn rejects(t: &TestDb) -> PathBuf {
    t.folder.path().join("rejects.csv")
}

pub(crate) async fn import(t: &TestDb, city: &City, map: &Map, file: impl Read + Send + 'static) -> Result<Summary, ImportError> {
    let options = ImportOptions { rejects: rejects(t), known_services_only: false };
    let mut last = 0;
    let summary = import_requests(city, map, file, &options, &mut |progress| {
        assert!(progress.rows > last);
        last = progress.rows;
    })
    .await;
    if let Ok(summary) = &summary {
        assert_eq!(summary.read, summary.imported + summary.unchanged + summary.rejected, "every row is accounted for");
        assert_eq!(summary.read, last);
        assert_eq!(summary.rejected, summary.reasons.values().sum::<u64>());
        assert_eq!(summary.rejects.is_some(), summary.rejected > 0);
    }
    summary
}

pub(crate) async fn boundaries(
    city: &City,
    layer: &str,
    edition: &str,
    name_field: &str,
    from: Option<&str>,
    until: Option<&str>,
    file: impl Read + Send + 'static,
) {
    let date = |text: Option<&str>| text.map(|text| text.parse().unwrap());
    let what = BoundaryImport {
        layer: layer.into(),
        edition: edition.into(),
        name_field: name_field.into(),
        code_field: None,
        from: date(from),
        until: date(until),
        limits: false,
    };
    let mut rejects = Vec::new();
    import_boundaries(&city.db, &city.clock, &city.ids, city.jurisdiction.id, what, file, &mut rejects).await.unwrap();
    // Seven pieces of Kansas City's neighborhood file have no name.
    assert!(rejects.iter().all(|reject| reject.reason.contains("with a name")), "{:?}", rejects.first());
}

/// Walks through all requests.
pub(crate) async fn each(city: &City, mut visit: impl FnMut(&Request)) {
    let filter = Filter { with_private: true, ..Filter::default() };
    let mut after = None;
    loop {
        let page = Requests::walk(&city.db, &city.jurisdiction, &filter, after, 1_000).await.unwrap();
        let Some(last) = page.last() else { return };
        after = Some(last.id);
        page.iter().for_each(&mut visit);
    }
}

pub(crate) async fn all(city: &City) -> BTreeMap<String, Request> {
    let mut out = BTreeMap::new();
    each(city, |request| drop(out.insert(request.number.clone(), request.clone()))).await;
    out
}
