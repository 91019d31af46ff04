//! Section 3: discovery at both places, in both formats, every field there.

use serde_json::json;
use testkit::both;

use crate::city::{City, PUBLIC};
use crate::shapes::{as_texts, fits, spark, w3};

both! {
    async fn discovery_leads_to_the_endpoint(t: &TestDb) {
        let city = City::found(t).await;
        let document = city.json("/open311/v2/openapi.json").await;
        for place in ["/open311/v2/discovery", "/open311/discovery"] {
            let found = city.json(&format!("{place}.json")).await;
            fits(&document, &json!({ "$ref": "#/components/schemas/Discovery" }), &found, "discovery");
            assert_eq!(found["contact"], "311@alderfalls.example or 515-555-0311");
            assert_eq!(found["key_service"], "Write to 311@alderfalls.example");
            let endpoint = &found["endpoints"][0];
            // Clients compare this as a text: http, no trailing slash.
            assert_eq!(endpoint["specification"], "http://wiki.open311.org/GeoReport_v2");
            assert_eq!(endpoint["url"], format!("{PUBLIC}/open311/v2"));
            assert_eq!(endpoint["type"], "production");
            assert_eq!(endpoint["formats"], json!(["text/xml", "application/json"]));
            // Validators read the changeset as a date and want it in the past.
            assert!(w3(&found["changeset"]) <= city.clock.now().to_jiff());
            assert_eq!(found["changeset"], endpoint["changeset"]);
            let xml = city.get(&format!("{place}.xml")).await;
            assert_eq!((xml.status, xml.header("content-type")), (200, "text/xml; charset=utf-8"));
            assert_eq!(spark(xml.text(), "discovery"), as_texts(&found));
        }
    }

    async fn the_changeset_moves_when_a_definition_does(t: &TestDb) {
        let city = City::found(t).await;
        let before = city.json("/open311/v2/discovery.json").await["changeset"].as_str().unwrap().to_owned();
        city.clock.advance_millis(60_000);
        let changed = catalog::EXAMPLE.replace("How large is the hole?", "How wide is the hole?");
        catalog::import_catalog(&t.db, &t.clock, &t.ids, &city.j, &changed).await.unwrap();
        let after = city.json("/open311/v2/discovery.json").await["changeset"].as_str().unwrap().to_owned();
        assert!(after > before, "{after} sorts after {before}");
    }
}
