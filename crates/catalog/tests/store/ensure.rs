//! Services met in imported records.

use catalog::{MetService, ensure_services, export_catalog};
use db::Db;
use events::Actor;
use futures::FutureExt;
use kernel::{Clock, Ids};
use staff::Jurisdiction;

use crate::{alder_falls, import, load, with_example};

fn met(name: &str) -> MetService {
    MetService { name: name.to_owned(), group: Some("Old".to_owned()), department: Some("parks".to_owned()), ..MetService::default() }
}

async fn ensure(db: &Db, clock: &Clock, ids: &Ids, city: &Jurisdiction, all: &[MetService]) -> Vec<String> {
    let (at, ids, city, all) = (clock.now(), ids.clone(), city.clone(), all.to_vec());
    db.write(move |tx| async move { ensure_services(tx, at, &ids, &city, Actor::Import("old".to_owned()), &all).await }.boxed())
        .await
        .expect("services are found or made")
}

testkit::both! {
    async fn old_names_lead_to_the_present_service_and_unknown_ones_are_made_once(t: &TestDb) {
        let (city, before) = with_example(t).await;
        let names = [met("POTHOLE "), met("Street Defect -  pothole"), met("Snow / Ice — Removal"), met("snow / ice — removal"), met("Snow - Ice: Removal"), MetService { code: Some("tree".to_owned()), ..met("whatever") }];
        let codes = ensure(&t.db, &t.clock, &t.ids, &city, &names).await;
        assert_eq!(codes, ["pothole", "pothole", "snow-ice-removal", "snow-ice-removal", "snow-ice-removal-2", "tree"]);
        let after = load(t, &city).await;
        let snow = after.service("snow-ice-removal").unwrap();
        assert!(snow.imported && !snow.active && !snow.is_offered());
        assert_eq!((snow.group.as_deref(), snow.department.as_deref()), (Some("Old"), Some("parks")));
        assert_eq!(after.service("pothole"), before.service("pothole"));
        assert_eq!(after.service_named("Whatever").unwrap().code, "tree");
        // Again: nothing new, and no new generation.
        assert_eq!(ensure(&t.db, &t.clock, &t.ids, &city, &names).await, codes);
        assert_eq!(load(t, &city).await.generation, after.generation);
        // The file is still given back, with what was met at its end; and that file changes nothing.
        let text = export_catalog(t.db.read(), &city).await.unwrap();
        assert!(text.starts_with(catalog::EXAMPLE) && text.contains("code = \"snow-ice-removal\"") && text.contains("[was]\n\"whatever\" = \"tree\""), "{text}");
        assert!(import(t, &city, &text).await.unwrap().is_empty());
        assert!(import(t, &city, catalog::EXAMPLE).await.unwrap().is_empty());
    }

    async fn names_renamed_over_the_years_are_one_service(t: &TestDb) {
        let city = alder_falls(t).await;
        let renamed = MetService { aliases: vec!["Trash / City".to_owned(), "Garbage".to_owned()], ..met("Trash / Recycling / Trash Collection") };
        assert_eq!(ensure(&t.db, &t.clock, &t.ids, &city, &[renamed.clone(), met("garbage")]).await, ["trash-recycling-trash-collection", "trash-recycling-trash-collection"]);
        assert_eq!(ensure(&t.db, &t.clock, &t.ids, &city, &[met("Trash / City"), met(""), met("¿?")]).await, ["trash-recycling-trash-collection", "service", "service-2"]);
        let catalog = load(t, &city).await;
        assert_eq!(catalog.services.len(), 3);
        assert_eq!(catalog.service_named("garbage").unwrap().aliases, ["Garbage", "Trash / City"]);
        // A department that does not exist is not made up.
        assert_eq!(catalog.services[0].department, None);
        // The city then takes the name for a service of its own.
        import(t, &city, "[[service]]\ncode = \"trash\"\nname = \"Missed trash\"\nwas = [\"Trash / Recycling / Trash Collection\"]\n").await.unwrap();
        assert_eq!(load(t, &city).await.service_named("Trash / Recycling / Trash Collection").unwrap().code, "trash");
    }
}
