//! Hostile and broken calls: whatever comes, no panic and no fault of ours, and every refusal is an error list.

use axum::body::Body;
use http::Request;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use testkit::TestDb;
use tokio::runtime::Runtime;

use crate::city::City;

/// Runs `test` with drawn values against one city.
fn against_the_city<S: Strategy>(cases: u32, strategy: &S, test: &impl AsyncFn(&City, S::Value)) {
    let runtime = Runtime::new().unwrap();
    let (t, city) = runtime.block_on(async {
        let t = TestDb::sqlite().await;
        let city = City::found(&t).await;
        (t, city)
    });
    let mut runner = TestRunner::new(Config { cases: proptest_cases(cases), failure_persistence: None, ..Config::default() });
    let outcome = runner.run(strategy, |drawn| {
        runtime.block_on(test(&city, drawn));
        Ok(())
    });
    drop(city);
    runtime.block_on(t.close());
    outcome.unwrap();
}

/// Longer runs by the usual variable.
fn proptest_cases(usual: u32) -> u32 {
    std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(usual)
}

async fn survives(city: &City, request: Request<Body>) {
    let path = request.uri().to_string();
    let answer = city.call(request).await;
    assert!(answer.status < 500, "{path}: {}", answer.text());
    if answer.status >= 400 && !answer.body.is_empty() {
        answer.errors();
    }
}

fn percent(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("%{b:02X}")).collect()
}

/// A field of a form: known names more often than others, and values of every kind.
fn field() -> impl Strategy<Value = String> {
    let name = prop_oneof![
        prop::sample::select(vec![
            "service_code",
            "lat",
            "long",
            "address_string",
            "address_id",
            "description",
            "email",
            "phone",
            "first_name",
            "media_url",
            "media_url[]",
            "jurisdiction_id",
            "attribute[SIZE]",
            "attribute[SIZE][]",
            "attribute[WHERE][0]",
            "attribute[DEPTH]",
            "attribute[SINCE]",
            "attribute[",
            "attribute[]",
            "attribute[fixmystreet_id]",
            "idempotency_key",
            "locale",
            "service_request_id",
            "update_id",
            "updated_datetime",
            "status",
        ])
        .prop_map(str::to_owned),
        "[a-z\\[\\]%=]{0,12}",
    ];
    let value = prop_oneof![
        prop::sample::select(vec![
            "pothole",
            "street-light",
            "sidewalk",
            "41.6",
            "-93.7",
            "0",
            "NaN",
            "1e999",
            "-0",
            "large",
            "lane",
            "2026-03-02T09:00:00+01:00",
            "OPEN",
            "FIXED",
            "http://a/b",
            "https://",
            "ana@alderfalls.example",
            "5155550142",
            "4711",
            "'; DROP TABLE requests; --",
            "\u{202e}\u{0}\u{fffe}",
            "es",
            "en-US-x-\u{7f}",
        ])
        .prop_map(|text| percent(text.as_bytes())),
        prop::collection::vec(any::<u8>(), 0..40).prop_map(|bytes| percent(&bytes)),
        "[0-9.eE+-]{0,20}",
    ];
    (name, value).prop_map(|(name, value)| format!("{name}={value}"))
}

#[test]
fn fuzz_forms() {
    let strategy = (prop::collection::vec(field(), 0..16), any::<bool>(), prop::sample::select(vec!["requests", "servicerequestupdates"]), any::<bool>());
    against_the_city(200, &strategy, &async |city, (fields, json, call, with_service)| {
        let start = if with_service { "&service_code=pothole&lat=41.6&long=-93.7&attribute[SIZE]=small" } else { "" };
        let body = format!("api_key={}{start}&{}", city.closing_key, fields.join("&"));
        let path = format!("/open311/v2/{call}.{}", if json { "json" } else { "xml" });
        survives(city, Request::builder().method("POST").uri(path).header("content-type", "application/x-www-form-urlencoded").body(body.into()).unwrap())
            .await;
    });
}

#[test]
fn fuzz_bodies_of_any_bytes() {
    let types = vec![
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=X",
        "multipart/form-data; boundary=\"\"",
        "multipart/form-data;boundary=é",
        "text/plain",
        "",
        "multipart/mixed",
        "application/octet-stream",
    ];
    let strategy = (prop::collection::vec(any::<u8>(), 0..600), prop::sample::select(types));
    against_the_city(200, &strategy, &async |city, (bytes, content_type)| {
        let path = format!("/open311/v2/requests.json?api_key={}&service_code=street-light&lat=41.6&long=-93.7", city.key);
        let request = Request::builder().method("POST").uri(path).header("content-type", content_type.as_bytes());
        survives(city, request.body(bytes.into()).unwrap()).await;
    });
}

#[test]
fn fuzz_multipart() {
    let part = (
        prop::sample::select(vec![
            "name=\"description\"",
            "name=\"media\"; filename=\"a.png\"",
            "name=\"attribute[SIZE]\"",
            "filename=\"x\"",
            "name=\"\"",
            "",
            "name=\"a\"; filename*=UTF-8''%FF",
            "name=\"\u{e9}\"",
        ]),
        prop::sample::select(vec!["", "\r\nContent-Type: image/png", "\r\nContent-Type: ;;;", "\r\nX: \u{e9}"]),
        prop::collection::vec(any::<u8>(), 0..60),
        prop::sample::select(vec!["\r\n", "\n", "", "\r\n\r\n"]),
    );
    let strategy = (prop::collection::vec(part, 0..5), prop::sample::select(vec!["--X--\r\n", "--X", "", "--X--"]));
    against_the_city(200, &strategy, &async |city, (parts, end)| {
        let mut body = Vec::new();
        for (head, more, content, close) in parts {
            body.extend_from_slice(format!("--X\r\nContent-Disposition: form-data; {head}{more}\r\n\r\n").as_bytes());
            body.extend_from_slice(&content);
            body.extend_from_slice(close.as_bytes());
        }
        body.extend_from_slice(end.as_bytes());
        let path = format!("/open311/v2/requests.xml?api_key={}&service_code=pothole&lat=41.6&long=-93.7&attribute[SIZE]=small", city.key);
        let request = Request::builder().method("POST").uri(path).header("content-type", "multipart/form-data; boundary=X");
        survives(city, request.body(body.into()).unwrap()).await;
    });
}

#[test]
fn fuzz_queries_and_paths() {
    let name = prop::sample::select(vec![
        "jurisdiction_id",
        "service_request_id",
        "service_code",
        "start_date",
        "end_date",
        "status",
        "updated_after",
        "updated_before",
        "page",
        "page_size",
        "max_requests",
        "lat",
        "long",
        "radius",
        "bbox",
        "agency_responsible",
        "extensions",
        "locale",
        "q",
    ]);
    let value = prop_oneof![
        prop::collection::vec(any::<u8>(), 0..20).prop_map(|bytes| percent(&bytes)),
        "[0-9]{0,30}",
        "[-+0-9.,eE]{0,30}",
        "[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9:.+Z-]{0,20})?",
        prop::sample::select(vec![
            "open,closed",
            "true",
            "-90,-180,90,180",
            "1e308",
            "9223372036854775807",
            "18446744073709551615",
            "%00",
            ",,,",
            "alderfalls.example"
        ])
        .prop_map(str::to_owned),
    ];
    let path = prop_oneof![
        4 => prop::sample::select(vec!["/open311/v2/requests.json", "/open311/v2/requests.xml", "/open311/v2/servicerequestupdates.xml", "/open311/v2/services.json", "/open311/discovery.xml"]).prop_map(str::to_owned),
        1 => prop::collection::vec(any::<u8>(), 0..12).prop_map(|bytes| format!("/open311/v2/requests/{}.json", percent(&bytes))),
        1 => prop::collection::vec(any::<u8>(), 0..12).prop_map(|bytes| format!("/open311/v2/services/{}.xml", percent(&bytes))),
        1 => prop::collection::vec(any::<u8>(), 0..12).prop_map(|bytes| format!("/open311/v2/tokens/{}.xml", percent(&bytes))),
        1 => prop::collection::vec(any::<u8>(), 0..12).prop_map(|bytes| format!("/media/{}/x.jpg", percent(&bytes))),
        1 => "/open311/[a-z0-9./%]{0,20}",
    ];
    let strategy = (path, prop::collection::vec((name, value), 0..5));
    against_the_city(300, &strategy, &async |city, (path, query)| {
        let query: Vec<String> = query.into_iter().map(|(name, value)| format!("{name}={value}")).collect();
        // What is no URI at all is refused before it comes to this room.
        if let Ok(request) = Request::builder().uri(format!("{path}?{}", query.join("&"))).body(Body::empty()) {
            survives(city, request).await;
        }
    });
}
