//! Sections 6, 7, 12 and 17: creating requests in every way that clients do.

use http::{Method, Request};
use serde_json::{Value, json};
use testkit::both;

use crate::city::{Answer, City};
use crate::shapes::{as_texts, fits, spark};

const PLACE: [(&str, &str); 2] = [("lat", "41.601"), ("long", "-93.701")];

async fn number_of(answer: &Answer) -> String {
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()[0]["service_request_id"].as_str().unwrap().to_owned()
}

async fn read(city: &City, number: &str) -> Value {
    city.json(&format!("/open311/v2/requests/{number}.json?extensions=true")).await[0].clone()
}

both! {
    async fn a_request_answers_its_number_when_it_is_kept(t: &TestDb) {
        let city = City::found(t).await;
        let document = city.json("/open311/v2/openapi.json").await;
        let fields = [
            PLACE[0], PLACE[1],
            ("attribute[SIZE]", "large"),
            ("description", "A deep hole\r\nby the bus stop <b>&amp; more</b>"),
            ("email", "ana@alderfalls.example"), ("first_name", "Ana"), ("last_name", "Ruiz"), ("phone", "515-555-0142"),
            ("device_id", "device-77"), ("account_id", "account-88"),
            ("address_string", "Mill St & 3rd St"),
        ];
        let answer = city.ask("pothole", &fields).await;
        assert_eq!(answer.status, 200);
        let told = answer.json();
        fits(&document, &json!({ "$ref": "#/components/schemas/Created" }), &told, "created");
        assert_eq!(told.as_array().unwrap().len(), 1);
        let object = told[0].as_object().unwrap();
        assert!(!object.contains_key("token"), "never both, and never as null");
        assert!(told[0]["service_notice"].as_str().unwrap().starts_with("A crew inspects"));
        let number = told[0]["service_request_id"].as_str().unwrap();
        let kept = read(&city, number).await;
        assert_eq!(kept["description"], "A deep hole\nby the bus stop <b>&amp; more</b>", "stored as LF and as it was written");
        assert_eq!(kept["address"], "Mill St & 3rd St");
        assert_eq!((&kept["lat"], &kept["long"]), (&json!(41.601), &json!(-93.701)));
        assert_eq!((&kept["status"], &kept["service_name"], &kept["service_code"]), (&json!("open"), &json!("Pothole"), &json!("pothole")));
        assert_eq!(kept["agency_responsible"], "Public Works");
        // Nine o'clock on Monday plus three working days of the crews.
        assert_eq!(kept["requested_datetime"], "2026-03-02T09:00:00-06:00");
        assert_eq!(kept["expected_datetime"], "2026-03-05T09:00:00-06:00");
        assert_eq!(kept["extended_attributes"]["districts"], "District 1");
        let whole = kept.to_string();
        for private in ["Ana", "Ruiz", "ana@", "0142", "device-77", "account-88", &city.key] {
            assert!(!whole.contains(private), "{private} was published");
        }
    }

    async fn xml_answers_the_same(t: &TestDb) {
        let city = City::found(t).await;
        let answer = city.post("/open311/v2/requests.xml", &[("api_key", &city.key), ("service_code", "street-light"), PLACE[0], PLACE[1]]).await;
        assert_eq!((answer.status, answer.header("content-type")), (200, "text/xml; charset=utf-8"));
        let told = spark(answer.text(), "service_requests");
        let number = told[0]["service_request_id"].as_str().unwrap();
        assert_ne!(number, "0");
        let xml = city.get(&format!("/open311/v2/requests/{number}.xml?extensions=v1")).await;
        assert_eq!(spark(xml.text(), "service_requests")[0], as_texts(&read(&city, number).await));
    }

    async fn answers_come_in_every_spelling(t: &TestDb) {
        let city = City::found(t).await;
        for spelled in [
            "attribute[WHERE]=lane&attribute[WHERE]=bike",
            "attribute[WHERE][]=lane&attribute[WHERE][]=bike",
            "attribute[WHERE][0]=lane&attribute[WHERE][1]=bike",
            "attribute%5BWHERE%5D%5B%5D=lane&attribute%5BWHERE%5D%5B%5D=bike",
        ] {
            let body = format!("api_key={}&service_code=pothole&lat=41.6&long=-93.7&attribute[SIZE]=small&attribute[uprn]=1&attribute[SINCE]=&{spelled}", city.key);
            let answer = city.send(Method::POST, "/open311/v2/requests.json", "application/x-www-form-urlencoded; charset=ISO-8859-1", body).await;
            let kept = read(&city, &number_of(&answer).await).await;
            let told: Vec<(&str, &str, &str)> = kept["attributes"].as_array().unwrap().iter()
                .map(|a| (a["name"].as_str().unwrap(), a["code"].as_str().unwrap(), a["value"].as_str().unwrap())).collect();
            assert_eq!(told, [("SIZE", "small", "Smaller than a dinner plate"), ("WHERE", "lane", "In a traffic lane"), ("WHERE", "bike", "In a bicycle lane")], "{spelled}");
        }
    }

    async fn everything_may_stand_in_the_query(t: &TestDb) {
        let city = City::found(t).await;
        let path = format!("/open311/v2/requests.json?api_key={}&service_code=street-light&lat=41.6&long=-93.7&description=dark+lamp", city.key);
        for answer in [
            city.post(&path, &[]).await,
            city.call(Request::builder().method("POST").uri(path.as_str()).body(axum::body::Body::empty()).unwrap()).await,
        ] {
            assert_eq!(read(&city, &number_of(&answer).await).await["description"], "dark lamp");
        }
    }

    async fn multipart_without_files_is_a_form_too(t: &TestDb) {
        let city = City::found(t).await;
        let part = |name: &str, value: &str| format!("--X\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
        let body = [part("api_key", &city.key), part("service_code", "pothole"), part("lat", "41.6"), part("long", "-93.7"), part("attribute[SIZE]", "lane"), part("description", "Großes Loch"), "--X--\r\n".to_owned()].concat();
        let answer = city.send(Method::POST, "/open311/v2/requests.json", "multipart/form-data; boundary=X", body).await;
        assert_eq!(read(&city, &number_of(&answer).await).await["description"], "Großes Loch");
    }

    async fn one_kind_of_place_is_enough(t: &TestDb) {
        let city = City::found(t).await;
        let address_only = city.street_light(&[("address_string", "1200 Mill St, Alder Falls")]).await;
        let kept = read(&city, &address_only).await;
        assert_eq!((&kept["address"], &kept["lat"], &kept["long"]), (&json!("1200 Mill St, Alder Falls"), &Value::Null, &Value::Null));
        let id_only = number_of(&city.ask("street-light", &[("address_id", "A-77")]).await).await;
        assert_eq!(read(&city, &id_only).await["address_id"], "A-77");
        let described = number_of(&city.ask("street-light", &[("address_id", "#NOTPINPOINTED#"), ("description", "Under the bridge")]).await).await;
        assert_eq!(read(&city, &described).await["address_id"], Value::Null);
        let all = number_of(&city.ask("street-light", &[PLACE[0], PLACE[1], ("address_string", "9th St"), ("address_id", "A-9")]).await).await;
        let kept = read(&city, &all).await;
        assert_eq!((&kept["address"], &kept["address_id"], &kept["lat"]), (&json!("9th St"), &json!("A-9"), &json!(41.601)));
    }

    async fn every_wrong_field_is_named(t: &TestDb) {
        let city = City::found(t).await;
        let long = "x".repeat(4_001);
        for (fields, named) in [
            (vec![], "location is required"),
            (vec![("lat", "41.6")], "long is required"),
            (vec![("long", "-93.7"), ("address_string", "9th St")], "lat is required"),
            (vec![("lat", "forty"), PLACE[1]], "lat must be a number"),
            (vec![("lat", "NaN"), ("long", "inf")], "long must be a number"),
            (vec![("lat", "91"), PLACE[1]], "lat must lie between"),
            (vec![("lat", "0"), ("long", "0")], "0,0"),
            (vec![PLACE[0], PLACE[1], ("description", &long)], "description may have at most 4000"),
            (vec![PLACE[0], PLACE[1], ("email", "not-an-address")], "email is not"),
            (vec![PLACE[0], PLACE[1], ("phone", "call me")], "phone is not"),
            (vec![PLACE[0], PLACE[1], ("media_url", "javascript:alert(1)")], "media_url must be a web address"),
            (vec![PLACE[0], PLACE[1], ("media_url", "ftp://alderfalls.example/a.jpg")], "media_url must be a web address"),
        ] {
            city.ask("street-light", &fields).await.refused(400, named);
        }
        // Several at once, each named.
        let errors = city.ask("street-light", &[("lat", "x"), ("email", "y"), ("phone", "z")]).await.errors();
        assert_eq!(errors.len(), 3, "{errors:?}");
        city.ask("pothole", &PLACE).await.refused(400, "SIZE is required");
        city.ask("pothole", &[PLACE[0], PLACE[1], ("attribute[SIZE]", "")]).await.refused(400, "SIZE is required");
        city.ask("pothole", &[PLACE[0], PLACE[1], ("attribute[size]", "small")]).await.refused(400, "SIZE is required");
        city.ask("pothole", &[PLACE[0], PLACE[1], ("attribute[SIZE]", "huge")]).await.refused(400, "SIZE has no value");
        city.ask("missed-trash", &[PLACE[0], PLACE[1], ("attribute[WHAT]", "trash")]).await.refused(400, "email or phone is required");
        assert_eq!(city.ask("missed-trash", &[PLACE[0], PLACE[1], ("attribute[WHAT]", "trash"), ("phone", "515-555-0142")]).await.status, 200);
        // Four thousand characters are four thousand characters, whatever their bytes.
        assert_eq!(city.ask("street-light", &[PLACE[0], PLACE[1], ("description", &"ß".repeat(4_000))]).await.status, 200);
        assert_eq!(city.json("/open311/v2/requests.json").await.as_array().unwrap().len(), 2, "nothing of the refused ones was kept");
    }

    async fn services_and_keys_are_refused_by_their_own_statuses(t: &TestDb) {
        let city = City::found(t).await;
        let path = "/open311/v2/requests.xml";
        city.ask("nope", &PLACE).await.refused(404, "service_code");
        city.ask("dead-animal-highway", &PLACE).await.refused(404, "service_code");
        city.ask("power-outage", &PLACE).await.refused(400, "service_code");
        city.post(path, &[("api_key", &city.key), PLACE[0], PLACE[1]]).await.refused(400, "service_code is required");
        city.post(path, &[("service_code", "street-light"), PLACE[0], PLACE[1]]).await.refused(403, "api_key");
        city.post(path, &[("api_key", ""), ("service_code", "street-light")]).await.refused(403, "api_key");
        city.post(path, &[("api_key", "wrong"), ("service_code", "street-light")]).await.refused(403, "Invalid api_key");
        city.post(path, &[("api_key", &city.idle_key), ("service_code", "street-light"), PLACE[0], PLACE[1]]).await.refused(403, "may not create");
        let keys = staff::api_keys(t.db.read(), city.j.id).await.unwrap();
        let app = keys.iter().find(|key| key.name == "App").unwrap();
        staff::revoke_api_key(&t.db, &t.clock, &t.ids, city.j.id, app.id).await.unwrap();
        city.ask("street-light", &PLACE).await.refused(403, "Invalid api_key");
    }

    async fn a_batch_service_answers_a_token_that_becomes_a_number(t: &TestDb) {
        let city = City::found(t).await;
        let document = city.json("/open311/v2/openapi.json").await;
        let told = city.ask("sidewalk", &[PLACE[0], PLACE[1], ("attribute[WHEELCHAIR]", "yes")]).await.json();
        fits(&document, &json!({ "$ref": "#/components/schemas/Created" }), &told, "created");
        assert!(!told[0].as_object().unwrap().contains_key("service_request_id"), "never both, and never as null");
        let token = told[0]["token"].as_str().unwrap();
        let path = format!("/open311/v2/tokens/{token}.json");
        // While there is no id: 200 and the token alone, in both formats.
        assert_eq!(city.json(&path).await, json!([{ "token": token }]));
        let xml = city.get(&path.replace(".json", ".xml")).await;
        assert!(xml.text().ends_with(&format!("<service_requests><request><token>{token}</token></request></service_requests>")), "{}", xml.text());
        city.work().await;
        let settled = city.json(&path).await;
        fits(&document, &json!({ "$ref": "#/components/schemas/Token" }), &settled, "token");
        let number = settled[0]["service_request_id"].as_str().unwrap();
        assert_eq!(settled[0]["token"], token);
        assert_eq!(read(&city, number).await["service_code"], "sidewalk");
        // It stays valid.
        assert_eq!(city.json(&path).await, settled);
        city.get("/open311/v2/tokens/0000.json").await.refused(404, "token");
        city.ask("sidewalk", &PLACE).await.refused(400, "WHEELCHAIR is required");
    }

    async fn a_blackbox_service_tells_no_number(t: &TestDb) {
        let city = City::found(t).await;
        let changed = catalog::EXAMPLE.replace("type = \"batch\"", "type = \"blackbox\"");
        catalog::import_catalog(&t.db, &t.clock, &t.ids, &city.j, &changed).await.unwrap();
        let told = city.ask("sidewalk", &[PLACE[0], PLACE[1], ("attribute[WHEELCHAIR]", "no")]).await.json();
        let object = told[0].as_object().unwrap();
        assert!(!object.contains_key("service_request_id") && !object.contains_key("token"), "{told}");
    }

    async fn the_same_sending_makes_one_request(t: &TestDb) {
        let city = City::found(t).await;
        let send = async |key: &str, mark: &str, words: &str| {
            let body = format!("api_key={key}&service_code=street-light&lat=41.6&long=-93.7&description={words}");
            let request = Request::builder().method("POST").uri("/open311/v2/requests.json").header("content-type", "application/x-www-form-urlencoded");
            city.call(request.header("Idempotency-Key", mark).body(body.into()).unwrap()).await
        };
        let first = number_of(&send(&city.key, "m-1", "dark").await).await;
        assert_eq!(number_of(&send(&city.key, "m-1", "dark").await).await, first);
        assert_ne!(number_of(&send(&city.key, "m-2", "dark").await).await, first);
        assert_ne!(number_of(&send(&city.closing_key, "m-1", "dark").await).await, first, "another sender's mark is another mark");
        send(&city.key, "m-1", "another+one").await.refused(400, "idempotency_key");
        let by_field = city.ask("street-light", &[("lat", "41.6"), ("long", "-93.7"), ("description", "dark"), ("idempotency_key", "m-1")]).await;
        assert_eq!(number_of(&by_field).await, first);
        // A batch service answers the same token.
        let batch = [PLACE[0], PLACE[1], ("attribute[WHEELCHAIR]", "no"), ("idempotency_key", "b-1")];
        assert_eq!(city.ask("sidewalk", &batch).await.json()[0]["token"], city.ask("sidewalk", &batch).await.json()[0]["token"]);
    }

    async fn a_report_that_fixmystreet_sends_again_is_the_same(t: &TestDb) {
        let city = City::found(t).await;
        let of = |words: &'static str| [PLACE[0], PLACE[1], ("attribute[fixmystreet_id]", "4711"), ("attribute[easting]", "1"), ("description", words)];
        let first = number_of(&city.ask("street-light", &of("dark")).await).await;
        assert_eq!(number_of(&city.ask("street-light", &of("dark")).await).await, first);
        assert_ne!(number_of(&city.ask("street-light", &of("edited since")).await).await, first, "what was edited is not lost");
        let kept = read(&city, &first).await;
        assert_eq!(kept["attributes"], json!([]), "what the definition does not know is not published");
    }
}
