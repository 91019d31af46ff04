//! Alder Falls behind its Open311 router, called in process the way clients call it.

use axum::Router;
use axum::body::Body;
use catalog::Catalogs;
use futures::FutureExt;
use http::{HeaderMap, Method, Request};
use http_body_util::BodyExt;
use open311::{OpenApi, Settings};
use places::{BoundaryImport, Places};
use requests::{Hub, PhotoStore, Requests};
use serde_json::Value;
use staff::{Jurisdiction, JurisdictionDetails, NewJurisdiction, Rights};
use testkit::{TestDb, alder_falls};
use tower::ServiceExt;

/// Where the city is seen from outside.
pub const PUBLIC: &str = "https://311.alderfalls.example";

/// The city, its router and its keys.
pub struct City {
    pub app: Router,
    pub requests: Requests,
    pub j: Jurisdiction,
    /// May create requests and post updates.
    pub key: String,
    /// May close besides.
    pub closing_key: String,
    /// May do nothing.
    pub idle_key: String,
    pub clock: kernel::Clock,
    pub workers: jobs::Workers,
}

impl City {
    /// Founds the city with the example catalog, its districts and its limits.
    pub async fn found(t: &TestDb) -> Self {
        Self::found_with(t, Settings::default()).await
    }

    pub async fn found_with(t: &TestDb, settings: Settings) -> Self {
        t.migrate(&[events::MIGRATIONS, jobs::MIGRATIONS, staff::MIGRATIONS, catalog::MIGRATIONS, places::MIGRATIONS, requests::MIGRATIONS]).await;
        let j = jurisdiction(t, alder_falls::CODE, alder_falls::NAME).await;
        let details = JurisdictionDetails {
            name: j.name.clone(),
            contact: "311@alderfalls.example or 515-555-0311".to_owned(),
            key_service: "Write to 311@alderfalls.example".to_owned(),
            public_url: Some(PUBLIC.to_owned()),
        };
        let j = staff::change_jurisdiction(&t.db, &t.clock, &t.ids, j.id, details).await.unwrap();
        catalog::import_catalog(&t.db, &t.clock, &t.ids, &j, catalog::EXAMPLE).await.unwrap();
        for (layer, edition, field, text) in
            [("districts", "2012", "district", alder_falls::DISTRICTS_2012), ("city-limits", "2012", "name", alder_falls::CITY_LIMITS)]
        {
            let what = BoundaryImport {
                layer: layer.to_owned(),
                edition: edition.to_owned(),
                name_field: field.to_owned(),
                code_field: None,
                from: None,
                until: None,
                limits: false,
            };
            places::import_boundaries(&t.db, &t.clock, &t.ids, j.id, what, text.as_bytes(), &mut NoRejects).await.unwrap();
        }
        let key = async |name: &str, rights| staff::create_api_key(&t.db, &t.clock, &t.ids, j.id, name, rights).await.unwrap().1;
        let (app_key, closing_key, idle_key) = (key("App", Rights::APP).await, key("Public Works", Rights::ALL).await, key("Nobody", Rights::default()).await);
        let hub = Hub {
            db: t.db.clone(),
            clock: t.clock.clone(),
            ids: t.ids.clone(),
            catalogs: Catalogs::new(t.db.clone()),
            places: Places::open(t.db.clone(), t.folder.path().join("search")),
            photos: PhotoStore::folder(&t.folder.path().join("photos")).unwrap(),
        };
        let requests = Requests::new(hub);
        let batches = requests.clone();
        let workers = jobs::Workers::new(t.db.clone(), t.clock.clone(), t.ids.clone(), jobs::Settings::default()).on(
            requests::BATCH_JOB,
            jobs::Kind::default(),
            move |job| {
                let requests = batches.clone();
                async move { requests.open_received(job).await }.boxed()
            },
        );
        let app = open311::router(OpenApi { requests: requests.clone(), settings });
        Self { app, requests, j, key: app_key, closing_key, idle_key, clock: t.clock.clone(), workers }
    }

    /// Runs the jobs that are due.
    pub async fn work(&self) {
        self.workers.run_due().await.unwrap();
    }

    pub async fn call(&self, request: Request<Body>) -> Answer {
        let response = self.app.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        Answer { status: parts.status.as_u16(), headers: parts.headers, body: body.to_vec() }
    }

    pub async fn send(&self, method: Method, path: &str, content_type: &str, body: impl Into<Body>) -> Answer {
        let request = Request::builder().method(method).uri(path).header("host", "localhost:3110").header("content-type", content_type);
        self.call(request.body(body.into()).unwrap()).await
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.call(Request::builder().uri(path).header("host", "localhost:3110").body(Body::empty()).unwrap()).await
    }

    /// A list of requests, or whatever else JSON answers.
    pub async fn json(&self, path: &str) -> Value {
        let answer = self.get(path).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.text());
        answer.json()
    }

    pub async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let body: String = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        self.send(Method::POST, path, "application/x-www-form-urlencoded", body).await
    }

    /// Posts a request with the app's key; the fields come besides.
    pub async fn ask(&self, service: &str, fields: &[(&str, &str)]) -> Answer {
        let mut all = vec![("api_key", self.key.as_str()), ("service_code", service)];
        all.extend_from_slice(fields);
        self.post("/open311/v2/requests.json", &all).await
    }

    /// The number of a street light reported at City Hall, or wherever the fields say.
    pub async fn street_light(&self, fields: &[(&str, &str)]) -> String {
        let mut all = vec![("description", "It is dark")];
        if !fields.iter().any(|(name, _)| ["lat", "address_string"].contains(name)) {
            all.extend([("lat", "41.601"), ("long", "-93.701")]);
        }
        all.extend_from_slice(fields);
        let answer = self.ask("street-light", &all).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        answer.json()[0]["service_request_id"].as_str().unwrap().to_owned()
    }

    /// Posts an update of a request.
    pub async fn update(&self, key: &str, number: &str, id: &str, status: &str, words: &str) -> Answer {
        let fields = [
            ("api_key", key),
            ("service_request_id", number),
            ("update_id", id),
            ("updated_datetime", "2026-03-02T08:59:00-06:00"),
            ("status", status),
            ("description", words),
            ("first_name", "Sam"),
            ("last_name", "-"),
        ];
        self.post("/open311/v2/servicerequestupdates.json", &fields).await
    }
}

/// Another government in the same installation.
pub async fn jurisdiction(t: &TestDb, code: &str, name: &str) -> Jurisdiction {
    let new = NewJurisdiction { code: code.to_owned(), name: name.to_owned(), timezone: alder_falls::TIMEZONE.to_owned(), ..NewJurisdiction::default() };
    staff::create_jurisdiction(&t.db, &t.clock, &t.ids, new).await.unwrap()
}

struct NoRejects;

impl places::RejectSink for NoRejects {
    fn reject(&mut self, reject: places::Reject) -> std::io::Result<()> {
        Err(std::io::Error::other(format!("{reject:?}")))
    }
}

/// What came back.
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    pub fn json(&self) -> Value {
        assert_eq!(self.header("content-type"), "application/json; charset=utf-8");
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// The descriptions of an error list in either format; the status must be in it.
    pub fn errors(&self) -> Vec<String> {
        let told: Vec<(u16, String)> = if self.header("content-type").starts_with("text/xml") {
            let document = roxmltree::Document::parse(self.text()).unwrap();
            let root = document.root_element();
            assert_eq!(root.tag_name().name(), "errors");
            let child = |error: &roxmltree::Node<'_, '_>, name: &str| {
                error.children().find(|c| c.tag_name().name() == name).and_then(|c| c.text().map(str::to_owned)).unwrap_or_default()
            };
            root.children().map(|error| (child(&error, "code").parse().unwrap(), child(&error, "description"))).collect()
        } else {
            let list = self.json();
            let one = |error: &Value| (u16::try_from(error["code"].as_u64().unwrap()).unwrap(), error["description"].as_str().unwrap().to_owned());
            list.as_array().unwrap().iter().map(one).collect()
        };
        assert!(!told.is_empty());
        for (code, description) in &told {
            assert_eq!(*code, self.status);
            assert!(!description.is_empty());
        }
        told.into_iter().map(|(_, description)| description).collect()
    }

    /// Asserts the status and that one of the descriptions begins with the field's name, or holds the words.
    #[track_caller]
    pub fn refused(&self, status: u16, words: &str) {
        assert_eq!(self.status, status, "{}", self.text());
        let errors = self.errors();
        assert!(errors.iter().any(|error| error.contains(words)), "{words:?} is not in {errors:?}");
    }
}
