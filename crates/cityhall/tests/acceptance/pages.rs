//! The server in process, on both engines: its own pages and what every answer carries.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode};
use cityhall::settings::Layer;
use cityhall::{App, Settings};
use http_body_util::BodyExt as _;
use testkit::{TestDb, alder_falls};
use tower::ServiceExt as _;

/// The server over a test's database, with the test's clock.
pub struct TestApp {
    pub app: Arc<App>,
    pub router: Router,
    pub key: String,
}

impl TestApp {
    pub async fn new(t: &TestDb) -> Self {
        t.migrate(&cityhall::migrations()).await;
        let inside = |name: &str| Some(t.folder.path().join(name).display().to_string());
        let flags = Layer::flags([
            ("database", Some(t.url.clone())),
            ("media", inside("media")),
            ("search", inside("search")),
            ("public_url", Some("https://311.alderfalls.example".to_owned())),
        ]);
        let settings = Settings::from_layers(&[flags]).unwrap();
        let app = App::over(settings, t.db.clone(), t.clock.clone(), t.ids.clone()).unwrap();
        let new = staff::NewJurisdiction {
            code: alder_falls::CODE.to_owned(),
            name: alder_falls::NAME.to_owned(),
            timezone: alder_falls::TIMEZONE.to_owned(),
            ..staff::NewJurisdiction::default()
        };
        let jurisdiction = staff::create_jurisdiction(&t.db, &t.clock, &t.ids, new).await.unwrap();
        catalog::import_catalog(&t.db, &t.clock, &t.ids, &jurisdiction, catalog::EXAMPLE).await.unwrap();
        let (_, key) = staff::create_api_key(&t.db, &t.clock, &t.ids, jurisdiction.id, "app", staff::Rights::APP).await.unwrap();
        Self { router: cityhall::web::router(&app), app, key }
    }

    pub async fn call(&self, request: Request<Body>) -> (StatusCode, axum::http::HeaderMap, String) {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        (parts.status, parts.headers, String::from_utf8_lossy(&bytes).into_owned())
    }

    pub async fn get(&self, path: &str) -> (StatusCode, axum::http::HeaderMap, String) {
        self.call(Request::get(path).body(Body::empty()).unwrap()).await
    }

    pub async fn post(&self, path: &str, form: &str) -> (StatusCode, axum::http::HeaderMap, String) {
        let request = Request::post(path).header("content-type", "application/x-www-form-urlencoded");
        self.call(request.body(Body::from(form.to_owned())).unwrap()).await
    }
}

testkit::both! {
    async fn the_server_tells_how_it_is(t: &TestDb) {
        let city = TestApp::new(t).await;
        assert_eq!(city.get("/healthz").await.0, 200);
        assert_eq!(city.get("/readyz").await.2, "ready\n");
        city.get("/open311/v2/services.json").await;
        let (status, headers, figures) = city.get("/metrics").await;
        assert_eq!((status, headers["content-type"].to_str().unwrap()), (StatusCode::OK, "text/plain; version=0.0.4; charset=utf-8"));
        for name in ["cityhall_http_request_seconds_bucket", "cityhall_http_requests_total", "cityhall_db_writes_total", "cityhall_jobs{", "process_resident_memory_bytes", "cityhall_info"] {
            assert!(figures.contains(name), "{name} in {figures}");
        }
        assert!(figures.lines().any(|l| l.starts_with("cityhall_http_requests_total") && l.contains("open311/") && l.contains("status=\"200\"")), "{figures}");
        city.app.stop();
        assert_eq!(city.get("/healthz").await.0, 200, "the process lives on until it has ended");
        let (status, _, why) = city.get("/readyz").await;
        assert_eq!((status, why.as_str()), (StatusCode::SERVICE_UNAVAILABLE, "not ready: the program is stopping\n"));
    }

    async fn not_ready_without_tables(t: &TestDb) {
        let flags = Layer::flags([("media", Some(t.folder.path().join("media").display().to_string()))]);
        let app = App::over(Settings::from_layers(&[flags]).unwrap(), t.db.clone(), t.clock.clone(), t.ids.clone()).unwrap();
        assert_eq!(app.ready().await, Err("the tables are not up to date"));
    }

    async fn the_first_page_is_plain_and_true(t: &TestDb) {
        let city = TestApp::new(t).await;
        let (status, headers, page) = city.get("/").await;
        assert_eq!(status, 200);
        assert!(page.contains("call 911") && page.contains(alder_falls::NAME) && page.contains("/open311/discovery.json"), "{page}");
        assert!(!page.contains("<script") && !page.contains("style="), "{page}");
        assert!(headers["content-security-policy"].to_str().unwrap().contains("default-src 'none'"));
        assert_eq!(city.get("/cityhall.css").await.0, 200);
        let (status, _, page) = city.get("/no/such/page").await;
        assert!(status == 404 && page.contains("There is nothing at this address."), "{page}");
    }

    async fn each_call_has_an_id(t: &TestDb) {
        let city = TestApp::new(t).await;
        let (_, headers, _) = city.get("/healthz").await;
        assert!(uuid::Uuid::try_parse(headers["x-request-id"].to_str().unwrap()).is_ok());
        let given = "01900000-0000-7000-8000-000000000001";
        let (_, headers, _) = city.call(Request::get("/").header("x-request-id", given).body(Body::empty()).unwrap()).await;
        assert_eq!(headers["x-request-id"], given);
        let (_, headers, _) = city.call(Request::get("/").header("x-request-id", "ana.ruiz@alderfalls.example").body(Body::empty()).unwrap()).await;
        assert_ne!(headers["x-request-id"], "ana.ruiz@alderfalls.example", "an id is not for messages");
    }

    async fn a_batch_service_is_opened_by_this_nodes_workers(t: &TestDb) {
        let city = TestApp::new(t).await;
        let form = format!("api_key={}&service_code=sidewalk&address_string=1200+Mill+St&attribute%5BWHEELCHAIR%5D=yes", city.key);
        let (status, _, body) = city.post("/open311/v2/requests.json", &form).await;
        assert_eq!(status, 200, "{body}");
        let answer: serde_json::Value = serde_json::from_str(&body).unwrap();
        let token = answer[0]["token"].as_str().unwrap_or_else(|| panic!("a token in {body}"));
        let pending = city.get(&format!("/open311/v2/tokens/{token}.json")).await.2;
        assert!(!pending.contains("service_request_id"), "{pending}");
        let round = city.app.workers().run_due().await.unwrap();
        assert_eq!((round.done, round.gave_up), (1, 0));
        let ready = city.get(&format!("/open311/v2/tokens/{token}.json")).await.2;
        assert!(ready.contains("service_request_id"), "{ready}");
    }
}
