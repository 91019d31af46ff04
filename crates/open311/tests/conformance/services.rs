//! Sections 4 and 5: the service list and the definitions.

use serde_json::{Value, json};
use testkit::both;

use crate::city::City;
use crate::shapes::{as_texts, fits, spark};

fn service<'a>(list: &'a Value, code: &str) -> Option<&'a Value> {
    list.as_array().unwrap().iter().find(|service| service["service_code"] == code)
}

both! {
    async fn the_list_has_what_the_public_may_ask_for(t: &TestDb) {
        let city = City::found(t).await;
        let list = city.json("/open311/v2/services.json").await;
        let document = city.json("/open311/v2/openapi.json").await;
        fits(&document, &json!({ "$ref": "#/components/schemas/Services" }), &list, "services");
        let pothole = service(&list, "pothole").unwrap();
        assert_eq!(pothole["service_name"], "Pothole");
        assert_eq!(pothole["metadata"], json!(true));
        assert_eq!(pothole["type"], "realtime");
        assert_eq!(pothole["group"], "Streets");
        let keywords = pothole["keywords"].as_str().unwrap();
        assert!(keywords.starts_with("pot hole,hole in the road,broken pavement,bump"), "{keywords}");
        assert!(!keywords.contains(", "), "FixMyStreet wants no blank beside the comma");
        assert_eq!(service(&list, "street-light").unwrap()["metadata"], json!(false));
        assert_eq!(service(&list, "sidewalk").unwrap()["type"], "batch");
        assert_eq!(service(&list, "dead-animal-highway"), None, "staff make these");
        assert_eq!(service(&list, "power-outage"), None, "information only");
        for service in list.as_array().unwrap() {
            let code = service["service_code"].as_str().unwrap();
            assert!(code.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-'), "open311-adapter takes no other: {code}");
        }
        let xml = city.get("/open311/v2/services.xml").await;
        assert_eq!((xml.status, xml.header("content-type")), (200, "text/xml; charset=utf-8"));
        assert_eq!(spark(xml.text(), "services"), as_texts(&list));
    }

    async fn a_definition_tells_its_questions_in_order(t: &TestDb) {
        let city = City::found(t).await;
        let pothole = city.json("/open311/v2/services/pothole.json").await;
        let document = city.json("/open311/v2/openapi.json").await;
        fits(&document, &json!({ "$ref": "#/components/schemas/ServiceDefinition" }), &pothole, "definition");
        assert!(pothole.is_object(), "the one answer beside discovery that is no list");
        assert_eq!(pothole["service_code"], "pothole");
        let attributes = pothole["attributes"].as_array().unwrap();
        let orders: Vec<i64> = attributes.iter().map(|a| a["order"].as_i64().unwrap()).collect();
        assert_eq!(orders, (1..=i64::try_from(attributes.len()).unwrap()).collect::<Vec<_>>());
        let mut datatypes: Vec<&str> = attributes.iter().filter(|a| a["variable"] == json!(true)).map(|a| a["datatype"].as_str().unwrap()).collect();
        datatypes.sort_unstable();
        assert_eq!(datatypes, ["datetime", "multivaluelist", "number", "singlevaluelist", "string", "text"]);
        let size = &attributes[0];
        assert_eq!(
            *size,
            json!({
                "variable": true, "code": "SIZE", "datatype": "singlevaluelist", "required": true, "datatype_description": null, "order": 1,
                "description": "How large is the hole?",
                "values": [
                    { "key": "small", "name": "Smaller than a dinner plate" },
                    { "key": "large", "name": "Larger than a dinner plate" },
                    { "key": "lane", "name": "It takes up the lane" }
                ]
            })
        );
        let notice = attributes.iter().find(|a| a["code"] == "STAY-SAFE").unwrap();
        assert_eq!((&notice["variable"], &notice["required"]), (&json!(false), &json!(false)));
        let xml = city.get("/open311/v2/services/pothole.xml").await;
        assert_eq!(spark(xml.text(), "service_definition"), as_texts(&pothole));
    }

    async fn a_question_with_a_condition_holds_up_nobody(t: &TestDb) {
        let city = City::found(t).await;
        let dumping = city.json("/open311/v2/services/illegal-dumping.json").await;
        let vehicle = dumping["attributes"].as_array().unwrap().iter().find(|a| a["code"] == "VEHICLE").unwrap();
        assert_eq!(vehicle["required"], json!(false), "it is asked only of those who saw somebody");
        let place = [("lat", "41.6001"), ("long", "-93.7001")];
        assert_eq!(city.ask("illegal-dumping", &place).await.status, 200);
        city.ask("illegal-dumping", &[place[0], place[1], ("attribute[SEEN]", "yes")]).await.refused(400, "VEHICLE is required");
    }

    async fn definitions_without_questions_are_empty_and_unknown_ones_missing(t: &TestDb) {
        let city = City::found(t).await;
        assert_eq!(city.json("/open311/v2/services/street-light.json").await, json!({ "service_code": "street-light", "attributes": [] }));
        assert!(city.get("/open311/v2/services/street-light.xml").await.text().ends_with("<attributes></attributes></service_definition>"));
        for missing in ["nope", "dead-animal-highway", "POTHOLE", "%20", "pot%2Fhole", "pothole.1"] {
            city.get(&format!("/open311/v2/services/{missing}.json")).await.refused(404, "service_code");
            city.get(&format!("/open311/v2/services/{missing}.xml")).await.refused(404, "service_code");
        }
    }

    async fn names_come_in_the_language_asked_for(t: &TestDb) {
        let city = City::found(t).await;
        let list = city.json("/open311/v2/services.json?locale=es").await;
        assert_eq!(service(&list, "pothole").unwrap()["service_name"], "Bache");
        let definition = city.json("/open311/v2/services/pothole.json?locale=es").await;
        assert_eq!(definition["attributes"][0]["values"][0]["name"], "Más pequeño que un plato");
        let list = city.json("/open311/v2/services.json?locale=xx").await;
        assert_eq!(service(&list, "pothole").unwrap()["service_name"], "Pothole");
    }
}
