//! Who gets a request, and why.

use catalog::{Catalog, Priority, RouteQuery, Routed};
use kernel::Timestamp;

use crate::{at, import, load, with_example};

fn route(catalog: &Catalog, code: &str, areas: &[(&str, &str)], answers: &[(&str, &str)], priority: Priority, at: Timestamp) -> Routed {
    let areas: Vec<(String, String)> = areas.iter().map(|(layer, name)| ((*layer).to_owned(), (*name).to_owned())).collect();
    let answers: Vec<(String, Vec<String>)> = answers.iter().map(|(code, value)| ((*code).to_owned(), vec![(*value).to_owned()])).collect();
    catalog.route(&RouteQuery { service: catalog.service(code).unwrap(), areas: &areas, answers: &answers, channel: "phone", priority, at })
}

testkit::both! {
    async fn the_first_rule_that_fits_decides_and_says_why(t: &TestDb) {
        let (_, catalog) = with_example(t).await;
        let (day, night) = (at("2026-03-09T10:00"), at("2026-03-09T22:00"));
        let to = |routed: &Routed| (routed.department.clone().unwrap(), routed.work_group.clone().unwrap_or_default());

        let dog = route(&catalog, "stray-animal", &[], &[], Priority::High, night);
        assert_eq!(to(&dog), ("animal-care".to_owned(), "on-call".to_owned()));
        assert_eq!((dog.rule.as_deref(), dog.version), (Some("night-animals"), 1));
        assert_eq!(dog.why, "Rule 'night-animals': the service is Stray or injured animal and the time is outside the hours of Animal Care.");

        let dog = route(&catalog, "stray-animal", &[], &[], Priority::High, day);
        assert_eq!(to(&dog), ("animal-care".to_owned(), "officers".to_owned()));
        assert_eq!((dog.rule, dog.why), (None, "No rule applies; Stray or injured animal belongs to Animal Care.".to_owned()));

        let hole = route(&catalog, "pothole", &[], &[], Priority::Urgent, at("2026-03-10T06:59"));
        assert_eq!(hole.why, "Rule 'urgent-streets-at-night': the service is one of Streets, the priority is urgent and the time is between 19:00 and 07:00.");
        assert_eq!(route(&catalog, "pothole", &[], &[], Priority::Urgent, at("2026-03-10T07:00")).rule, None);

        let paint = route(&catalog, "graffiti", &[], &[("ON", "park")], Priority::Normal, day);
        assert_eq!(to(&paint).0, "parks");
        assert_eq!(paint.why, "Rule 'park-graffiti': the service is Graffiti and the answer to \"What is it on?\" is Something in a park.");

        let dumped = route(&catalog, "illegal-dumping", &[("zip", "50309"), ("districts", "District 4")], &[], Priority::Normal, day);
        assert_eq!((to(&dumped).1.as_str(), dumped.rule.as_deref()), ("collection", Some("dumping-downtown")));
        assert_eq!(to(&route(&catalog, "illegal-dumping", &[("districts", "District 1")], &[], Priority::Normal, day)).1, "enforcement");
    }

    async fn rules_are_versioned_as_a_whole(t: &TestDb) {
        let (city, _) = with_example(t).await;
        t.clock.move_to(at("2026-06-01T00:00"));
        let channel = "[[routing.rule]]\nname = \"by-phone\"\nchannel = [\"phone\"]\ndepartment = \"parks\"\n";
        let (before, _) = catalog::EXAMPLE.split_once("[[routing.rule]]").unwrap();
        import(t, &city, &format!("{before}{channel}")).await.unwrap();
        let catalog = load(t, &city).await;
        let then = route(&catalog, "graffiti", &[], &[("ON", "park")], Priority::Normal, at("2026-05-01T12:00"));
        assert_eq!((then.rule.as_deref(), then.version), (Some("park-graffiti"), 1));
        let now = route(&catalog, "pothole", &[], &[], Priority::Normal, at("2026-06-02T12:00"));
        assert_eq!((now.rule.as_deref(), now.version, now.why.as_str()), (Some("by-phone"), 2, "Rule 'by-phone': it came by phone."));
        // Before any rules there were, the service's own department.
        assert_eq!(route(&catalog, "pothole", &[], &[], Priority::Normal, at("2019-06-02T12:00")).version, 0);
    }
}
