//! Measures on both engines: a target that changes, and two ways to tell the same history.
#![expect(clippy::unwrap_used, reason = "a test says what is wrong by failing")]

use catalog::{Catalog, Catalogs};
use events::Actor;
use insight::{By, Question, Repeats, Report};
use kernel::{LatLon, Timestamp};
use places::Places;
use requests::{Act, Channel, Closing, Hub, NewRequest, Outcome, PhotoStore, Place, Reporter, Requests, Span};
use staff::{Jurisdiction, NewJurisdiction};
use testkit::{TestDb, alder_falls};

const DAY: i64 = 86_400_000;

const CATALOG: &str = r#"
[[department]]
code = "public-works"
name = "Public Works"

[[service]]
code = "pothole"
name = "Pothole"
department = "public-works"

[[service.target]]
within = "10 days"
"#;

struct City {
    requests: Requests,
    j: Jurisdiction,
}

async fn found(t: &TestDb) -> City {
    t.migrate(&[events::MIGRATIONS, jobs::MIGRATIONS, staff::MIGRATIONS, catalog::MIGRATIONS, places::MIGRATIONS, requests::MIGRATIONS]).await;
    let new = NewJurisdiction {
        code: alder_falls::CODE.to_owned(),
        name: alder_falls::NAME.to_owned(),
        timezone: alder_falls::TIMEZONE.to_owned(),
        ..NewJurisdiction::default()
    };
    let j = staff::create_jurisdiction(&t.db, &t.clock, &t.ids, new).await.unwrap();
    catalog::import_catalog(&t.db, &t.clock, &t.ids, &j, &text("10 days")).await.unwrap();
    let hub = Hub {
        db: t.db.clone(),
        clock: t.clock.clone(),
        ids: t.ids.clone(),
        catalogs: Catalogs::new(t.db.clone()),
        places: Places::open(t.db.clone(), t.folder.path().join("search")),
        photos: PhotoStore::folder(&t.folder.path().join("photos")).unwrap(),
    };
    City { requests: Requests::new(hub), j }
}

fn text(within: &str) -> String {
    CATALOG.replace("10 days", within)
}

async fn pothole(city: &City, metres_north: f64) -> requests::RequestId {
    let new = NewRequest {
        actor: Actor::Resident,
        service_code: "pothole".to_owned(),
        channel: Channel::Phone,
        priority: None,
        place: Place { point: LatLon::new(41.6 + metres_north / 111_195.0, -93.7), ..Place::default() },
        description: None,
        answers: Vec::new(),
        reporter: Reporter::default(),
        uploads: Vec::new(),
        media_urls: Vec::new(),
        idempotency: None,
        requested_at: None,
    };
    city.requests.open(&city.j, new).await.unwrap().request.id
}

async fn close(city: &City, id: requests::RequestId) {
    city.requests.close(&city.j, id, Act::by(Actor::System), Closing { outcome: Outcome::Done, words: String::new() }).await.unwrap();
}

async fn asked(t: &TestDb, city: &City, by: By, rules_of: Option<Timestamp>) -> Report {
    let catalog = Catalog::load(t.db.read(), &city.j).await.unwrap();
    let question = Question { asked: Span::default(), by, as_of: t.clock.now(), rules_of, repeats: Repeats::default() };
    insight::report(&t.db, &city.j, &catalog, &question).await.unwrap()
}

testkit::both! {
    async fn a_changed_target_tells_two_stories_that_differ_only_after_the_change(t: &TestDb) {
        let city = found(t).await;
        let before = t.clock.now();
        // Three under the first target (10 days): closed after 2, 8 and 12 days.
        let first = [pothole(&city, 0.0).await, pothole(&city, 1000.0).await, pothole(&city, 2000.0).await];
        t.clock.advance_millis(2 * DAY);
        close(&city, first[0]).await;
        t.clock.advance_millis(6 * DAY);
        close(&city, first[1]).await;
        t.clock.advance_millis(4 * DAY);
        close(&city, first[2]).await;
        // In late June the target becomes 3 days. Two more: closed after 1 and after 5 days; one stays open.
        catalog::import_catalog(&t.db, &t.clock, &t.ids, &city.j, &text("3 days")).await.unwrap();
        t.clock.advance_millis(DAY);
        let after = t.clock.now();
        let second = [pothole(&city, 3000.0).await, pothole(&city, 4000.0).await, pothole(&city, 5000.0).await];
        t.clock.advance_millis(DAY);
        close(&city, second[0]).await;
        t.clock.advance_millis(4 * DAY);
        close(&city, second[1]).await;

        let own = asked(t, &city, By::Service, None).await.total;
        assert_eq!((own.received, own.open), (6, 1));
        assert_eq!((own.on_time.closed_on_time, own.on_time.closed_late, own.on_time.open_overdue), (3, 2, 1), "each by its own promise");
        assert_eq!(own.on_time.of_closed().percent(), "60.0%");
        assert_eq!(own.on_time.of_closed_and_overdue().percent(), "50.0%");
        let old = asked(t, &city, By::Service, Some(before)).await.total.on_time;
        assert_eq!((old.closed_on_time, old.closed_late, old.open_not_due), (4, 1, 1), "all by the old target");
        let new = asked(t, &city, By::Service, Some(after)).await.total.on_time;
        assert_eq!((new.closed_on_time, new.closed_late, new.open_overdue), (2, 3, 1), "all by the new target");

        let catalog = Catalog::load(t.db.read(), &city.j).await.unwrap();
        let early = Question { asked: Span { from: None, until: Some(before) }, by: By::Service, as_of: t.clock.now(), rules_of: None, repeats: Repeats::default() };
        let own_early = insight::report(&t.db, &city.j, &catalog, &early).await.unwrap().total.on_time;
        let old_early = insight::report(&t.db, &city.j, &catalog, &Question { rules_of: Some(before), ..early }).await.unwrap().total.on_time;
        assert_eq!(own_early, old_early, "before the change both stories are one");
    }

    async fn lines_days_repeats_and_outcomes(t: &TestDb) {
        let city = found(t).await;
        let ids = [pothole(&city, 0.0).await, pothole(&city, 10.0).await, pothole(&city, 900.0).await];
        t.clock.advance_millis(DAY);
        close(&city, ids[0]).await;
        t.clock.advance_millis(2 * DAY);
        close(&city, ids[1]).await;
        let report = asked(t, &city, By::Department, None).await;
        assert_eq!(report.lines.len(), 1);
        let line = &report.lines[0];
        assert_eq!((line.name.as_str(), line.received, line.repeats.count, line.repeats.of), ("Public Works", 3, 1, 3));
        assert_eq!((line.days.measured, line.days.median_tenths, line.days.p90_tenths), (2, Some(10), Some(30)));
        assert_eq!(line.outcomes["done"], 2);
        assert_eq!(asked(t, &city, By::Channel, None).await.lines[0].name, "phone");
        let areas = asked(t, &city, By::Area("council-districts".to_owned()), None).await;
        assert_eq!((areas.lines[0].name.as_str(), areas.lines[0].editions.len()), ("(none)", 0), "no layer is known here");
    }
}
