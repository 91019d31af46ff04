//! Recorded answers of real servers beside ours: every element that they send, ours has at the same place, so a client that
//! was written against one of them finds what it looks for. Needs the cities' published data; skipped without.

use std::collections::BTreeSet;
use std::path::Path;

use testkit::both;

use crate::city::City;

/// The paths of all elements, such as `service_requests/request/lat`.
fn paths(xml: &str) -> BTreeSet<String> {
    fn walk(node: roxmltree::Node<'_, '_>, above: &str, out: &mut BTreeSet<String>) {
        for child in node.children().filter(roxmltree::Node::is_element) {
            let path = if above.is_empty() { child.tag_name().name().to_owned() } else { format!("{above}/{}", child.tag_name().name()) };
            walk(child, &path, out);
            out.insert(path);
        }
    }
    let mut out = BTreeSet::new();
    walk(roxmltree::Document::parse(xml).unwrap().root(), "", &mut out);
    out
}

#[track_caller]
fn ours_has_all(folder: &Path, file: &str, ours: &str, but: &[&str]) {
    let theirs = std::fs::read_to_string(folder.join(file)).unwrap();
    let (theirs, ours) = (paths(&theirs), paths(ours));
    let missing: Vec<&String> = theirs.difference(&ours).filter(|path| !but.contains(&path.as_str())).collect();
    assert!(missing.is_empty(), "{file} has what we have not: {missing:?}");
}

both! {
    async fn ours_has_what_real_servers_send(t: &TestDb) {
        let Some(data) = testkit::real_data() else { return };
        let data = data.join("open311");
        let city = City::found(t).await;
        let number = city.street_light(&[]).await;
        let one = city.get(&format!("/open311/v2/requests/{number}.xml")).await;
        ours_has_all(&data, "gem_fixtures_2011/get_service_request.xml", one.text(), &[]);
        ours_has_all(&data, "gem_fixtures_2011/service_requests.xml", one.text(), &[]);
        ours_has_all(&data, "giessen_de/requests_many.xml", one.text(), &[]);
        ours_has_all(&data, "washington_dc_2014/discovery.xml", city.get("/open311/v2/discovery.xml").await.text(), &[]);
        let services = city.get("/open311/v2/services.xml").await;
        ours_has_all(&data, "washington_dc_2014/services.xml", services.text(), &[]);
        ours_has_all(&data, "giessen_de/services.xml", services.text(), &[]);
        ours_has_all(&data, "washington_dc_2014/service_definition_S0301.xml", city.get("/open311/v2/services/pothole.xml").await.text(), &[]);
        ours_has_all(&data, "gem_fixtures_2011/get_service_request_not_found.xml", city.get("/open311/v2/requests/nope.xml").await.text(), &[]);
        let made = city.post("/open311/v2/requests.xml", &[("api_key", &city.key), ("service_code", "street-light"), ("address_string", "9th St")]).await;
        ours_has_all(&data, "gem_fixtures_2011/post_service_request.xml", made.text(), &[]);
        let batch = [("api_key", city.key.as_str()), ("service_code", "sidewalk"), ("address_string", "9th St"), ("attribute[WHEELCHAIR]", "no")];
        let made = city.post("/open311/v2/requests.xml", &batch).await;
        ours_has_all(&data, "boston_2014/post_token_response.xml", made.text(), &[]);
        let token = made.text().split_once("<token>").unwrap().1.split_once("</token>").unwrap().0.to_owned();
        city.work().await;
        ours_has_all(&data, "gem_fixtures_2011/request_id_from_token.xml", city.get(&format!("/open311/v2/tokens/{token}.xml")).await.text(), &[]);

        for (file, path) in [("requests.json", "/open311/v2/requests.json"), ("services.json", "/open311/v2/services.json")] {
            let theirs: serde_json::Value = serde_json::from_slice(&std::fs::read(data.join("bloomington_in_2012").join(file)).unwrap()).unwrap();
            let ours = city.json(path).await;
            for entry in theirs.as_array().unwrap() {
                for name in entry.as_object().unwrap().keys() {
                    assert!(ours[0].as_object().unwrap().contains_key(name), "{file}: {name}");
                }
            }
        }
    }
}
