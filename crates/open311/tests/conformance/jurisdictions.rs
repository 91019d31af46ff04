//! Section 2: one city needs no `jurisdiction_id`, several do; empty is absent, unknown is missing.

use testkit::{TestDb, alder_falls, both};

use crate::city::{City, jurisdiction};

both! {
    async fn one_city_needs_no_name(t: &TestDb) {
        let city = City::found(t).await;
        for call in ["services", "requests", "servicerequestupdates", "discovery", "services/pothole"] {
            for query in ["", "?jurisdiction_id=", "?jurisdiction_id=%20", "?jurisdiction_id=alderfalls.example", "?api_key=foreign"] {
                assert_eq!(city.get(&format!("/open311/v2/{call}.json{query}")).await.status, 200, "{call}{query}");
            }
            city.get(&format!("/open311/v2/{call}.xml?jurisdiction_id=nowhere.example")).await.refused(404, "jurisdiction_id");
        }
    }

    async fn several_cities_must_be_named_and_see_nothing_of_each_other(t: &TestDb) {
        t.migrate(&[events::MIGRATIONS, staff::MIGRATIONS]).await;
        jurisdiction(t, "cedarmills.example", "Village of Cedar Mills").await;
        let city = City::found(t).await;
        for call in ["services", "requests", "servicerequestupdates", "services/pothole", "requests/1", "tokens/1"] {
            city.get(&format!("/open311/v2/{call}.json")).await.refused(400, "jurisdiction_id");
            city.get(&format!("/open311/v2/{call}.json?jurisdiction_id=")).await.refused(400, "jurisdiction_id");
        }
        assert_eq!(city.get("/open311/v2/discovery.json").await.status, 200, "this is where a client learns what there is");
        let number = city.street_light(&[("jurisdiction_id", alder_falls::CODE)]).await;
        let of = |code: &str| format!("/open311/v2/requests/{number}.json?jurisdiction_id={code}");
        assert_eq!(city.get(&of(alder_falls::CODE)).await.status, 200);
        city.get(&of("cedarmills.example")).await.refused(404, "service_request_id");
        let list = city.json("/open311/v2/requests.json?jurisdiction_id=cedarmills.example").await;
        assert_eq!(list.as_array().unwrap().len(), 0);
        city.ask("street-light", &[("jurisdiction_id", "cedarmills.example"), ("lat", "41.6"), ("long", "-93.7")]).await.refused(403, "api_key");
        city.ask("street-light", &[("lat", "41.6"), ("long", "-93.7")]).await.refused(400, "jurisdiction_id");
        city.ask("street-light", &[("jurisdiction_id", "nowhere.example")]).await.refused(404, "jurisdiction_id");
        // The query and the body mix.
        let query = format!("/open311/v2/requests.json?jurisdiction_id={}&api_key={}", alder_falls::CODE, city.key);
        assert_eq!(city.post(&query, &[("service_code", "street-light"), ("lat", "41.6"), ("long", "-93.7")]).await.status, 200);
    }
}

/// Before the first city is created, everything says so instead of failing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_any_city_nothing_is_found() {
    let t = TestDb::sqlite().await;
    let city = City::found(&t).await;
    let empty = TestDb::sqlite().await;
    empty.migrate(&[events::MIGRATIONS, jobs::MIGRATIONS, staff::MIGRATIONS, catalog::MIGRATIONS, places::MIGRATIONS, requests::MIGRATIONS]).await;
    let hub = requests::Hub {
        db: empty.db.clone(),
        clock: empty.clock.clone(),
        ids: empty.ids.clone(),
        catalogs: catalog::Catalogs::new(empty.db.clone()),
        places: places::Places::open(empty.db.clone(), empty.folder.path().join("search")),
        photos: requests::PhotoStore::folder(&empty.folder.path().join("photos")).unwrap(),
    };
    let app = open311::router(open311::OpenApi { requests: requests::Requests::new(hub), settings: open311::Settings::default() });
    let nobody = City { app, ..city };
    for call in ["services", "requests", "discovery"] {
        nobody.get(&format!("/open311/v2/{call}.json")).await.refused(404, "No jurisdiction");
    }
    empty.close().await;
    t.close().await;
}
