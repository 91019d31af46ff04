//! Sections 8, 9, 11, 12 and 17: lists with every filter, one request, imported history.

use std::collections::BTreeMap;

use kernel::LatLon;
use requests::{Channel, FrozenArea, Imported, Outcome, Place, Request, RequestId, Status, import_rows};
use serde_json::{Value, json};
use testkit::{TestDb, both};

use crate::city::City;
use crate::shapes::{as_texts, fits, spark, w3};

const DAY: i64 = 86_400_000;

/// A request of an old system, asked for so many days before the test's Monday.
fn old(t: &TestDb, number: &str, days_before: i64, outcome: Option<Outcome>) -> Imported {
    let at = t.clock.now().plus_millis(-days_before * DAY);
    let request = Request {
        id: RequestId(t.ids.next()),
        number: number.to_owned(),
        origin: None,
        fingerprint: Some(1),
        service_code: "graffiti".to_owned(),
        status: if outcome.is_some() { Status::Closed } else { Status::Received },
        outcome,
        explanation: outcome.map(|_| "Painted over".to_owned()),
        priority: "normal".to_owned(),
        channel: Channel::Phone,
        department: Some("sanitation".to_owned()),
        work_group: None,
        assignee: None,
        private: false,
        place: Place { point: LatLon::new(41.62, -93.72), address: Some("9th St".to_owned()), ..Place::default() },
        in_city: Some(true),
        areas: BTreeMap::from([("council-districts".to_owned(), FrozenArea { name: "District 1".to_owned(), edition: "2012".to_owned(), in_force: false })]),
        description: Some("Tags \u{1}& <scrawl>\r\non a wall".to_owned()),
        answers: BTreeMap::from([("ON".to_owned(), vec!["park".to_owned()]), ("secret".to_owned(), vec!["not asked".to_owned()])]),
        media_urls: Vec::new(),
        requested_at: at,
        recorded_at: at,
        updated_at: outcome.map_or(at, |_| at.plus_millis(DAY)),
        closed_at: outcome.map(|_| at.plus_millis(DAY)),
        due_at: None,
        promise: None,
        paused_at: None,
        routing: None,
        parent: None,
        source_fields: BTreeMap::new(),
        revision: 1,
    };
    Imported { request, parent_number: None }
}

/// What staff take down on the telephone.
fn new_request() -> requests::NewRequest {
    requests::NewRequest {
        actor: events::Actor::System,
        service_code: "graffiti".to_owned(),
        channel: Channel::Phone,
        priority: None,
        place: Place { point: LatLon::new(41.62, -93.72), ..Place::default() },
        description: None,
        answers: Vec::new(),
        reporter: requests::Reporter::default(),
        uploads: Vec::new(),
        media_urls: Vec::new(),
        idempotency: None,
        requested_at: None,
    }
}

async fn import(t: &TestDb, city: &City, rows: Vec<Imported>) {
    let counts = import_rows(&t.db, city.j.id, "old-system", rows, t.clock.now(), &t.ids).await.unwrap();
    assert_eq!(counts.refused, []);
}

async fn numbers(city: &City, query: &str) -> Vec<String> {
    let list = city.json(&format!("/open311/v2/requests.json?{query}")).await;
    list.as_array().unwrap().iter().map(|request| request["service_request_id"].as_str().unwrap().to_owned()).collect()
}

both! {
    async fn nothing_found_is_an_empty_list(t: &TestDb) {
        let city = City::found(t).await;
        assert_eq!(city.get("/open311/v2/requests.json").await.text(), "[]");
        let xml = city.get("/open311/v2/requests.xml").await;
        assert_eq!(xml.text().lines().last(), Some("<service_requests></service_requests>"));
        assert_eq!(numbers(&city, "service_code=unknown").await, [""; 0]);
        assert_eq!(numbers(&city, "service_request_id=unknown").await, [""; 0]);
    }

    async fn imported_history_is_told_whole_in_both_formats(t: &TestDb) {
        let city = City::found(t).await;
        let document = city.json("/open311/v2/openapi.json").await;
        let mut repeat = old(t, "2007000142", 3000, Some(Outcome::Duplicate));
        repeat.parent_number = Some("2007000141".to_owned());
        import(t, &city, vec![old(t, "2007000141", 3001, Some(Outcome::Done)), repeat]).await;
        let plain = city.json("/open311/v2/requests/2007000141.json").await;
        fits(&document, &json!({ "$ref": "#/components/schemas/ServiceRequests" }), &plain, "requests");
        let first = &plain[0];
        assert_eq!(plain.as_array().unwrap().len(), 1, "one request is a list of one");
        assert_eq!(first["service_request_id"], "2007000141", "an id is a text");
        assert_eq!((&first["status"], &first["status_notes"]), (&json!("closed"), &json!("Painted over")));
        assert_eq!((&first["lat"], &first["long"]), (&json!(41.62), &json!(-93.72)));
        assert_eq!((&first["expected_datetime"], &first["zipcode"], &first["media_url"]), (&Value::Null, &Value::Null, &Value::Null));
        assert_eq!(w3(&first["updated_datetime"]).duration_since(w3(&first["requested_datetime"])).as_secs(), 86_400);
        assert!(!first.as_object().unwrap().contains_key("extended_attributes"), "only when asked for");
        let xml = city.get("/open311/v2/requests/2007000141.xml").await;
        // XML holds no U+0001 and reads CRLF as LF; JSON tells what is stored.
        let mut expected = as_texts(&plain);
        expected[0]["description"] = json!("Tags & <scrawl>\non a wall");
        assert_eq!(spark(xml.text(), "service_requests"), expected);

        let both = city.json("/open311/v2/requests.json?service_request_id=2007000141,2007000142,2007000141,9&extensions=true").await;
        fits(&document, &json!({ "$ref": "#/components/schemas/ServiceRequests" }), &both, "requests");
        let repeat = &both.as_array().unwrap().iter().find(|r| r["service_request_id"] == "2007000142").unwrap()["extended_attributes"];
        assert_eq!((&repeat["duplicate"], &repeat["parent_service_request_id"]), (&json!(true), &json!("2007000141")));
        assert_eq!((&repeat["outcome"], &repeat["channel"], &repeat["state"]), (&json!("duplicate"), &json!("phone"), &json!("closed")));
        assert_eq!(repeat["council_districts"], "District 1");
        assert_eq!(repeat["areas"], json!([{ "layer": "council-districts", "name": "District 1", "edition": "2012", "in_force": false }]));
        let first = both.as_array().unwrap().iter().find(|r| r["service_request_id"] == "2007000141").unwrap();
        assert_eq!(first["attributes"], json!([{ "label": "What is it on?", "name": "ON", "value": "Something in a park", "code": "park" }]));
        assert_eq!(first["notes"].as_array().unwrap().last().unwrap()["type"], "closed");
        let xml = city.get("/open311/v2/requests.xml?service_request_id=2007000142&extensions=v1").await;
        assert_eq!(spark(xml.text(), "service_requests")[0]["extended_attributes"], as_texts(repeat));
    }

    async fn our_numbers_are_read_as_people_type_them(t: &TestDb) {
        let city = City::found(t).await;
        let number = city.street_light(&[]).await;
        let typed = number.to_lowercase().replace('-', "");
        assert_eq!(city.json(&format!("/open311/v2/requests/{typed}.json")).await[0]["service_request_id"], number.as_str());
        assert_eq!(numbers(&city, &format!("service_request_id={typed}")).await, [number.as_str()]);
        assert!(number.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-'), "open311-adapter takes no other");
    }

    async fn private_requests_and_staff_services_never_appear(t: &TestDb) {
        let city = City::found(t).await;
        let (mut private, mut highway) = (old(t, "2007000001", 1, None), old(t, "2007000002", 1, None));
        private.request.private = true;
        highway.request.service_code = "dead-animal-highway".to_owned();
        import(t, &city, vec![private, highway, old(t, "2007000003", 1, None)]).await;
        assert_eq!(numbers(&city, "").await, ["2007000003"]);
        assert_eq!(numbers(&city, "service_request_id=2007000001,2007000002,2007000003").await, ["2007000003"]);
        assert_eq!(numbers(&city, "page=1&page_size=1").await, ["2007000003"], "and do not shorten pages");
        assert_eq!(numbers(&city, "page=2&page_size=1").await, [""; 0]);
        assert_eq!(numbers(&city, "service_code=dead-animal-highway").await, [""; 0]);
        for hidden in ["2007000001", "2007000002"] {
            let answer = city.get(&format!("/open311/v2/requests/{hidden}.json")).await;
            answer.refused(404, "service_request_id");
            assert_eq!(answer.text(), city.get("/open311/v2/requests/2007000009.json").await.text(), "told in the same words as what does not exist");
        }
        for hidden in ["2007000001", "2007000002"] {
            city.update(&city.closing_key, hidden, "1", "FIXED", "").await.refused(404, "service_request_id");
        }
        let highway = city.requests.by_number(&city.j, "2007000002").await.unwrap().unwrap();
        let closing = requests::Closing { outcome: Outcome::Done, words: String::new() };
        city.requests.close(&city.j, highway.id, requests::Act::by(events::Actor::System), closing).await.unwrap();
        assert_eq!(city.json("/open311/v2/servicerequestupdates.json").await, json!([]));
        let by_staff = requests::NewRequest { actor: events::Actor::System, service_code: "dead-animal-highway".to_owned(), ..new_request() };
        let opened = city.requests.open(&city.j, by_staff).await.unwrap().request;
        city.get(&format!("/open311/v2/requests/{}.json", opened.number)).await.refused(404, "service_request_id");
        assert!(opened.private);
    }

    async fn filters_hold_together(t: &TestDb) {
        let city = City::found(t).await;
        let rows = vec![old(t, "A1", 1, None), old(t, "A2", 2, Some(Outcome::Done)), old(t, "A3", 40, None), old(t, "A4", 89, Some(Outcome::Done)), old(t, "A5", 91, None), old(t, "A6", 400, Some(Outcome::Done))];
        import(t, &city, rows).await;
        let light = city.street_light(&[("lat", "41.56"), ("long", "-93.66")]).await;
        let light = light.as_str();
        assert_eq!(numbers(&city, "").await, [light, "A1", "A2", "A3", "A4"], "90 days, newest first");
        assert_eq!(numbers(&city, "status=open").await, [light, "A1", "A3"]);
        assert_eq!(numbers(&city, "status=Closed").await, ["A2", "A4"]);
        assert_eq!(numbers(&city, "status=open,closed").await.len(), 5);
        assert_eq!(numbers(&city, "status=").await.len(), 5);
        assert_eq!(numbers(&city, "service_code=graffiti&status=open").await, ["A1", "A3"]);
        assert_eq!(numbers(&city, "service_code=graffiti,street-light&status=open").await, [light, "A1", "A3"]);
        assert_eq!(numbers(&city, "agency_responsible=Public+Works").await, [light]);
        assert_eq!(numbers(&city, "agency_responsible=sanitation&status=closed").await, ["A2", "A4"]);
        assert_eq!(numbers(&city, "agency_responsible=Nobody").await, [""; 0]);
        assert_eq!(numbers(&city, "max_requests=2").await, [light, "A1"]);
        assert_eq!(numbers(&city, "lat=41.62&long=-93.72&radius=100&status=open").await, ["A1", "A3"]);
        assert_eq!(numbers(&city, "bbox=41.55,-93.67,41.57,-93.65").await, [light]);
        assert_eq!(numbers(&city, "bbox=-93.67,41.55,-93.65,41.57").await, [light]);
        assert_eq!(numbers(&city, "service_request_id=A6,A1&status=open&start_date=2030-01-01&page=9").await, ["A1", "A6"], "it overrides all others");
        assert_eq!(numbers(&city, "callback=x&has_photo=1&interface_used=web&nonsense=%00&q=").await.len(), 5, "unknown parameters are passed over");
        for (query, named) in [("status=done", "status"), ("start_date=soon", "start_date"), ("end_date=2026-13-01", "end_date"), ("updated_after=x", "updated_after"), ("updated_before=x", "updated_before"), ("bbox=1,2,3", "bbox"), ("lat=1", "long"), ("radius=5", "lat"), ("lat=91&long=0&radius=5", "lat")] {
            city.get(&format!("/open311/v2/requests.xml?{query}")).await.refused(400, named);
        }
        assert_eq!(city.get("/open311/v2/requests.json?status=x&start_date=y&bbox=z").await.errors().len(), 3, "every problem at once");
    }

    /// The clock stands at 2026-03-02T15:00:00Z.
    async fn dates_bound_as_the_contract_says(t: &TestDb) {
        let city = City::found(t).await;
        import(t, &city, vec![old(t, "D1", 1, None), old(t, "D30", 30, None), old(t, "D100", 100, None), old(t, "D200", 200, None), old(t, "D400", 400, None)]).await;
        assert_eq!(numbers(&city, "start_date=2025-08-01T00:00:00Z").await, ["D200"], "90 days from the start");
        assert_eq!(numbers(&city, "end_date=2025-12-01T00:00:00Z").await, ["D100"], "90 days before the end");
        assert_eq!(numbers(&city, "start_date=2024-01-01&end_date=2026-03-02").await, ["D1", "D30"], "cut: the end is kept");
        assert_eq!(numbers(&city, "start_date=2024-01-01&end_date=2026-03-02&page=1").await, ["D1", "D30", "D100", "D200", "D400"], "obeyed page by page");
        // D1 was asked for at 2026-03-01T15:00:00Z; both ends are included.
        for end in ["2026-03-01T15:00:00Z", "2026-03-01T09:00:00-06:00", "2026-03-01T16:00:00%2B01:00", "2026-03-01T16:00:00+01:00", "2026-03-01T15:00:00.000001", "2026-03-01"] {
            assert_eq!(numbers(&city, &format!("end_date={end}&start_date=2026-02-28")).await, ["D1"], "{end}");
            assert_eq!(numbers(&city, &format!("start_date={}", end.replace("2026-03-01T15:00:00.000001", "2026-03-01T14:59:59.999999"))).await, ["D1"], "{end}");
        }
        assert_eq!(numbers(&city, "end_date=2026-03-01T14:59:59Z&start_date=2026-02-28").await, [""; 0]);
        assert_eq!(numbers(&city, "start_date=2026-03-02&end_date=2026-02-01").await, [""; 0], "both bounds hold");
        // Windows on changes lift the 90 days on requests.
        assert_eq!(numbers(&city, "updated_after=2025-01-01T00:00:00Z").await, ["D1", "D30", "D100", "D200", "D400"]);
        assert_eq!(numbers(&city, "updated_after=2025-11-01T00:00:00Z&updated_before=2026-02-15T00:00:00Z").await, ["D30", "D100"]);
        assert_eq!(numbers(&city, "updated_before=2025-10-01T00:00:00Z").await, ["D200", "D400"]);
        assert_eq!(numbers(&city, "updated_after=2025-01-01T00:00:00Z&start_date=2026-01-01T00:00:00Z&end_date=2026-03-02").await, ["D1", "D30"], "both pairs apply");
    }

    async fn pages_are_stable_and_end_empty(t: &TestDb) {
        let city = City::found(t).await;
        // All asked for at the same moment, so that only the tie-break orders them.
        import(t, &city, (0..120).map(|n| old(t, &format!("P{n:03}"), 5, None)).collect()).await;
        let mut seen = Vec::new();
        for page in 1..=3 {
            let part = numbers(&city, &format!("page={page}")).await;
            assert_eq!(part.len(), if page < 3 { 50 } else { 20 });
            seen.extend(part);
        }
        assert_eq!(seen, numbers(&city, "").await);
        seen.sort();
        seen.dedup();
        assert_eq!(seen.len(), 120, "none twice, none missing");
        assert_eq!(numbers(&city, "page=4").await, [""; 0], "empty, never the last page again");
        assert_eq!(numbers(&city, "page=99999999999999999999&page_size=500").await, [""; 0]);
        assert_eq!(numbers(&city, "page=0&page_size=7").await, numbers(&city, "page=one&page_size=7").await);
        assert_eq!(numbers(&city, "page=2&page_size=100").await.len(), 20);
    }

    async fn a_list_without_pages_ends_at_a_thousand(t: &TestDb) {
        let city = City::found(t).await;
        import(t, &city, (0..1_010).map(|n| old(t, &format!("K{n:04}"), 5, None)).collect()).await;
        assert_eq!(numbers(&city, "").await.len(), 1_000);
        assert_eq!(numbers(&city, "page_size=100000").await.len(), 500);
        let all: Vec<String> = (0..1_010).map(|n| format!("K{n:04}")).collect();
        assert_eq!(numbers(&city, &format!("service_request_id={}", all.join(","))).await.len(), 1_000);
    }

    async fn services_met_in_old_records_are_named_but_not_offered(t: &TestDb) {
        use futures::FutureExt;
        let city = City::found(t).await;
        let (j, ids, at) = (city.j.clone(), t.ids.clone(), t.clock.now());
        let met = catalog::MetService { name: "Hydrant Flushing".to_owned(), ..catalog::MetService::default() };
        let found = t.db.write(move |tx| async move {
            catalog::ensure_services(tx, at, &ids, &j, events::Actor::System, &[met]).await
        }.boxed()).await.unwrap();
        let code = found[0].clone();
        city.clock.advance_millis(1);
        let mut row = old(t, "2007000141", 3, None);
        row.request.service_code = code.clone();
        import(t, &city, vec![row]).await;
        assert_eq!(city.json("/open311/v2/requests/2007000141.json").await[0]["service_name"], "Hydrant Flushing");
        assert_eq!(city.json(&format!("/open311/v2/services/{code}.json")).await, json!({ "service_code": code, "attributes": [] }));
        let list = city.json("/open311/v2/services.json").await;
        assert!(list.as_array().unwrap().iter().all(|service| service["service_code"] != code.as_str()));
        city.ask(&code, &[("lat", "41.6"), ("long", "-93.7")]).await.refused(400, "service_code");
    }

    async fn without_a_set_address_the_callers_view_counts(t: &TestDb) {
        let city = City::found(t).await;
        let details = staff::JurisdictionDetails { name: city.j.name.clone(), contact: String::new(), key_service: String::new(), public_url: None };
        staff::change_jurisdiction(&t.db, &t.clock, &t.ids, city.j.id, details).await.unwrap();
        let app = open311::router(open311::OpenApi { requests: city.requests.clone(), settings: open311::Settings { is_test: true, ..open311::Settings::default() } });
        let city = City { app, ..city };
        let discovery = city.json("/open311/v2/discovery.json").await;
        assert_eq!(discovery["endpoints"][0]["url"], "http://localhost:3110/open311/v2");
        assert_eq!(discovery["endpoints"][0]["type"], "test");
        assert_eq!(discovery["contact"], "City of Alder Falls", "every field of discovery is required");
    }
}
