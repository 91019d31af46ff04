//! The catalog room on both engines: files in and out, versions, promises, routes, and services met in old records.
#![expect(clippy::expect_used, clippy::unwrap_used, reason = "a test says what is wrong by failing")]

mod boston;
mod ensure;
mod import;
mod promise;
mod route;

use catalog::{Catalog, CatalogError, Changes};
use staff::{Jurisdiction, NewJurisdiction};
use testkit::{TestDb, alder_falls};

const ROOMS: &[&[db::Migration]] = &[events::MIGRATIONS, staff::MIGRATIONS, catalog::MIGRATIONS];

/// Alder Falls without a catalog.
async fn alder_falls(t: &TestDb) -> Jurisdiction {
    t.migrate(ROOMS).await;
    let new = NewJurisdiction {
        code: alder_falls::CODE.to_owned(),
        name: alder_falls::NAME.to_owned(),
        timezone: alder_falls::TIMEZONE.to_owned(),
        ..NewJurisdiction::default()
    };
    staff::create_jurisdiction(&t.db, &t.clock, &t.ids, new).await.expect("Alder Falls is created")
}

async fn import(t: &TestDb, city: &Jurisdiction, text: &str) -> Result<Changes, CatalogError> {
    catalog::import_catalog(&t.db, &t.clock, &t.ids, city, text).await
}

async fn load(t: &TestDb, city: &Jurisdiction) -> Catalog {
    Catalog::load(t.db.read(), city).await.expect("the catalog is read")
}

/// Alder Falls with the example catalog, imported at the test clock's start.
async fn with_example(t: &TestDb) -> (Jurisdiction, Catalog) {
    let city = alder_falls(t).await;
    import(t, &city, catalog::EXAMPLE).await.expect("the example is taken in");
    let catalog = load(t, &city).await;
    (city, catalog)
}

/// A moment in Alder Falls' own time, such as `2026-03-02T09:00`.
fn at(local: &str) -> kernel::Timestamp {
    let local: jiff::civil::DateTime = local.parse().expect("a local moment");
    kernel::Timestamp::from_jiff(local.to_zoned(jiff::tz::TimeZone::get(alder_falls::TIMEZONE).expect("a zone")).expect("in range").timestamp())
}
