//! Section 13: mySociety's updates, written and read.

use serde_json::{Value, json};
use testkit::both;

use crate::city::City;
use crate::shapes::{as_texts, fits, spark, w3};

async fn read(city: &City, number: &str) -> Value {
    city.json(&format!("/open311/v2/requests/{number}.json?extensions=true")).await[0].clone()
}

both! {
    async fn a_closing_status_closes_when_the_key_may(t: &TestDb) {
        let city = City::found(t).await;
        let document = city.json("/open311/v2/openapi.json").await;
        let number = city.street_light(&[]).await;
        city.clock.advance_millis(3_600_000);
        let comment = city.update(&city.key, &number, "c-1", "FIXED", "It works again").await;
        assert_eq!(comment.status, 200, "{}", comment.text());
        fits(&document, &json!({ "$ref": "#/components/schemas/UpdateKept" }), &comment.json(), "kept");
        let kept = read(&city, &number).await;
        assert_eq!(kept["status"], "open", "an app may not close: its words are kept");
        assert!(kept["notes"].to_string().contains("It works again"));
        let closed = city.update(&city.closing_key, &number, "c-2", "FIXED", "Lamp replaced").await;
        assert_eq!(closed.status, 200, "{}", closed.text());
        let kept = read(&city, &number).await;
        assert_eq!((&kept["status"], &kept["status_notes"]), (&json!("closed"), &json!("Lamp replaced")));
        let extended = &kept["extended_attributes"];
        assert_eq!((&extended["outcome"], &extended["detailed_status"]), (&json!("done"), &json!("PROCESSED")));
        assert_eq!(extended["closed_datetime"], "2026-03-02T10:00:00-06:00");
        assert_eq!(kept["updated_datetime"], "2026-03-02T10:00:00-06:00", "for closed requests, when they were closed");
        let notes: Vec<&str> = kept["notes"].as_array().unwrap().iter().map(|note| note["type"].as_str().unwrap()).collect();
        assert_eq!(notes, ["submitted", "activity", "closed"]);
        // Words that come after the end change neither state nor date of the end.
        city.clock.advance_millis(3_600_000);
        assert_eq!(city.update(&city.key, &number, "c-3", "UNCHANGED", "Thank you").await.status, 200);
        assert_eq!(read(&city, &number).await["updated_datetime"], "2026-03-02T10:00:00-06:00");
        assert_eq!(city.update(&city.closing_key, &number, "c-4", "REOPEN", "Dark again").await.status, 200);
        let kept = read(&city, &number).await;
        assert_eq!((&kept["status"], &kept["extended_attributes"]["outcome"]), (&json!("open"), &Value::Null));
    }

    async fn every_status_of_the_list_is_taken(t: &TestDb) {
        let city = City::found(t).await;
        for (status, after, told) in [
            ("OPEN", "open", "open"), ("REOPEN", "open", "open"), ("FOR_TRIAGE", "open", "open"), ("UNCHANGED", "open", "open"),
            ("INVESTIGATING", "open", "in_progress"), ("IN_PROGRESS", "open", "in_progress"), ("PLANNED", "open", "action_scheduled"),
            ("ACTION_SCHEDULED", "open", "action_scheduled"), ("action scheduled", "open", "action_scheduled"),
            ("CLOSED", "closed", "fixed"), ("FIXED", "closed", "fixed"), ("DUPLICATE", "closed", "duplicate"), ("CANCELLED", "closed", "cancelled"),
            ("NO_FURTHER_ACTION", "closed", "no_further_action"), ("NOT_COUNCILS_RESPONSIBILITY", "closed", "not_councils_responsibility"),
            ("INTERNAL_REFERRAL", "closed", "not_councils_responsibility"),
        ] {
            let number = city.street_light(&[]).await;
            let answer = city.update(&city.closing_key, &number, "1", status, "").await;
            assert_eq!(answer.status, 200, "{status}: {}", answer.text());
            assert_eq!(read(&city, &number).await["status"], after, "{status}");
            let list = city.json("/open311/v2/servicerequestupdates.json").await;
            let update = list.as_array().unwrap().iter().find(|update| update["service_request_id"] == number.as_str()).unwrap();
            assert_eq!(update["status"], told, "{status}");
            assert_eq!(update["update_id"], answer.json()[0]["update_id"], "it comes back only under the id that the POST answered");
        }
    }

    async fn the_same_update_sent_again_is_answered_the_same(t: &TestDb) {
        let city = City::found(t).await;
        let number = city.street_light(&[]).await;
        let first = city.update(&city.key, &number, "c-1", "OPEN", "Still dark").await.json();
        assert_eq!(city.update(&city.key, &number, "c-1", "OPEN", "Still dark").await.json(), first);
        assert_ne!(city.update(&city.closing_key, &number, "c-1", "OPEN", "Still dark").await.json(), first, "another sender's id is another id");
        let other = city.street_light(&[]).await;
        assert_ne!(city.update(&city.key, &other, "c-1", "OPEN", "Still dark").await.json(), first, "another request");
        assert_eq!(city.json("/open311/v2/servicerequestupdates.json").await.as_array().unwrap().len(), 3);
    }

    async fn windows_are_on_when_it_was_made_known(t: &TestDb) {
        let city = City::found(t).await;
        let document = city.json("/open311/v2/openapi.json").await;
        let number = city.street_light(&[]).await;
        city.clock.advance_millis(500); // 15:00:00.500 in UTC
        // Said to be of an hour before: a client that polls would lose it, were it told under that time.
        let answer = city.update(&city.key, &number, "c-1", "OPEN", "Still dark & cold").await;
        let window = |start: &str, end: &str| format!("/open311/v2/servicerequestupdates.json?start_date={start}&end_date={end}&api_key=");
        let told = city.json(&window("2026-03-02T14:00:00Z", "2026-03-02T15:00:00Z")).await;
        fits(&document, &json!({ "$ref": "#/components/schemas/Updates" }), &told, "updates");
        assert_eq!(told[0]["update_id"], answer.json()[0]["update_id"]);
        let at = w3(&told[0]["updated_datetime"]);
        assert!(at >= "2026-03-02T14:00:00Z".parse().unwrap() && at <= "2026-03-02T15:00:00Z".parse().unwrap(), "FixMyStreet drops what lies outside");
        assert_eq!(city.json(&window("2026-03-02T15:00:00Z", "2026-03-02T17:00:00Z")).await, told, "both ends included");
        assert_eq!(city.json(&window("2026-03-02T15:00:01Z", "2026-03-02T17:00:00Z")).await, json!([]));
        assert_eq!(city.json(&window("2026-03-02T13:00:00Z", "2026-03-02T14:59:59Z")).await, json!([]));
        // The plus of an offset may arrive as a blank, and an end may be a date.
        assert_eq!(city.json(&window("2026-03-02T16:00:00 02:00".replace(' ', "%20").as_str(), "2026-03-02")).await, told);
        let xml = city.get(&window("2026-03-02T14:00:00Z", "2026-03-02T15:00:00Z").replace(".json", ".xml")).await;
        assert_eq!(spark(xml.text(), "service_request_updates"), as_texts(&told));
        city.get(&window("soon", "later")).await.refused(400, "start_date");
    }

    async fn every_wrong_field_of_an_update_is_named(t: &TestDb) {
        let city = City::found(t).await;
        let number = city.street_light(&[]).await;
        let path = "/open311/v2/servicerequestupdates.xml";
        let errors = city.post(path, &[("api_key", &city.key)]).await.errors();
        for field in ["service_request_id", "update_id", "updated_datetime", "status"] {
            assert!(errors.iter().any(|error| error.starts_with(field)), "{field}: {errors:?}");
        }
        let good = [("api_key", city.key.as_str()), ("service_request_id", number.as_str()), ("update_id", "1"), ("updated_datetime", "2026-03-02T15:00:00Z"), ("status", "OPEN"), ("description", "x")];
        let with = |name: &str, value: &'static str| -> Vec<(&'static str, String)> {
            good.iter().map(|(n, v)| (*n, if *n == name { value.to_owned() } else { (*v).to_owned() })).collect()
        };
        for (name, value, status, words) in [
            ("status", "DONE", 400, "status is not one of"),
            ("updated_datetime", "yesterday", 400, "updated_datetime must be"),
            ("updated_datetime", "0001-01-01T00:00:00Z", 400, "updated_datetime must lie"),
            ("service_request_id", "K7M-4QX-2RX", 404, "service_request_id"),
            ("api_key", "wrong", 403, "api_key"),
            ("api_key", "", 403, "api_key"),
        ] {
            let fields = with(name, value);
            let fields: Vec<(&str, &str)> = fields.iter().map(|(n, v)| (*n, v.as_str())).collect();
            city.post(path, &fields).await.refused(status, words);
        }
        city.update(&city.idle_key, &number, "1", "OPEN", "").await.refused(403, "may not post updates");
        city.update(&city.key, &number, "1", "OPEN", &"x".repeat(4_001)).await.refused(400, "description");
        assert_eq!(city.json("/open311/v2/servicerequestupdates.json").await, json!([]), "nothing of the refused ones was kept");
    }
}
