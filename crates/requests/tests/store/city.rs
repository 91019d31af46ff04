//! Alder Falls, ready to take requests.

use std::sync::Arc;

use catalog::Catalogs;
use events::Actor;
use kernel::{Email, LatLon, Timestamp};
use places::Places;
use requests::{Act, Channel, Hub, NewRequest, PhotoStore, Place, Reporter, Request, Requests};
use staff::{Jurisdiction, NewJurisdiction};
use testkit::TestDb;

/// The city and its hub.
pub struct City {
    pub requests: Requests,
    pub j: Jurisdiction,
    pub clock: kernel::Clock,
}

impl City {
    /// Founds the city in a fresh database, with the example catalog.
    pub async fn found(t: &TestDb) -> Self {
        t.migrate(&[events::MIGRATIONS, jobs::MIGRATIONS, staff::MIGRATIONS, catalog::MIGRATIONS, places::MIGRATIONS, requests::MIGRATIONS]).await;
        let new = NewJurisdiction {
            code: testkit::alder_falls::CODE.to_owned(),
            name: testkit::alder_falls::NAME.to_owned(),
            timezone: testkit::alder_falls::TIMEZONE.to_owned(),
            ..NewJurisdiction::default()
        };
        let j = staff::create_jurisdiction(&t.db, &t.clock, &t.ids, new).await.unwrap();
        catalog::import_catalog(&t.db, &t.clock, &t.ids, &j, catalog::EXAMPLE).await.unwrap();
        let hub = Hub {
            db: t.db.clone(),
            clock: t.clock.clone(),
            ids: t.ids.clone(),
            catalogs: Catalogs::new(t.db.clone()),
            places: Places::open(t.db.clone(), t.folder.path().join("search")),
            photos: PhotoStore::folder(&t.folder.path().join("photos")).unwrap(),
        };
        Self { requests: Requests::new(hub), j, clock: t.clock.clone() }
    }

    /// Opens a request of Ana Ruiz at City Hall.
    pub async fn pothole(&self) -> Request {
        self.requests.open(&self.j, pothole()).await.unwrap().request
    }

    pub async fn again(&self, request: &Request) -> Request {
        self.requests.by_id(&self.j, request.id).await.unwrap().unwrap()
    }

    pub async fn kinds(&self, request: &Request) -> Vec<String> {
        self.requests.history(&self.j, request.id).await.unwrap().into_iter().map(|event| event.kind).collect()
    }

    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }
}

/// A pothole at City Hall, reported by Ana Ruiz through an app.
pub fn pothole() -> NewRequest {
    let (lat, lon) = testkit::alder_falls::CITY_HALL;
    NewRequest {
        actor: Actor::Resident,
        service_code: "pothole".to_owned(),
        channel: Channel::App,
        priority: None,
        place: Place { point: LatLon::new(lat, lon), ..Place::default() },
        description: Some("A deep hole\r\nby the bus stop".to_owned()),
        answers: vec![("SIZE".to_owned(), vec!["large".to_owned()])],
        reporter: Reporter {
            first_name: Some("Ana".to_owned()),
            last_name: Some("Ruiz".to_owned()),
            email: Email::parse("ana@alderfalls.example").ok(),
            ..Reporter::default()
        },
        uploads: Vec::new(),
        media_urls: Vec::new(),
        idempotency: None,
        requested_at: None,
    }
}

pub fn staff() -> Act {
    Act::by(Actor::System)
}

/// Shared by tests that run many at once.
pub fn shared(city: City) -> Arc<City> {
    Arc::new(city)
}
