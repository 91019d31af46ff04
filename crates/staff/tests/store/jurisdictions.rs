//! Creating a government, changing it, finding it.

use kernel::JurisdictionId;
use staff::{JurisdictionDetails, NewJurisdiction, StaffError};

use crate::{city, new_alder_falls, told};

fn fields(error: &StaffError) -> Vec<String> {
    match error {
        StaffError::Problems(problems) => problems.iter().map(|p| p.field.clone()).collect(),
        other => panic!("{other}"),
    }
}

testkit::both! {
    async fn a_jurisdiction_is_found_by_its_code(t: &TestDb) {
        let made = city(t).await;
        assert_eq!((made.id, made.code.as_str(), made.created_at, made.public_url.as_deref()), (JurisdictionId(1), "alderfalls.example", t.clock.now(), None));
        assert!(made.secret.len() == 64 && made.secret.bytes().all(|b| b.is_ascii_hexdigit()));
        assert_eq!(made.zone().iana_name(), Some("America/Chicago"));
        assert_eq!(staff::jurisdiction_by_code(t.db.read(), "alderfalls.example").await.unwrap(), Some(made.clone()));
        assert_eq!(staff::jurisdiction(t.db.read(), JurisdictionId(1)).await.unwrap(), Some(made.clone()));
        for other in ["", "alderfalls", "AlderFalls.example", "alderfalls.example'--", "alderfalls.example\u{0301}"] {
            assert_eq!(staff::jurisdiction_by_code(t.db.read(), other).await.unwrap(), None, "{other}");
        }
        let second = staff::create_jurisdiction(&t.db, &t.clock, &t.ids, NewJurisdiction { code: "county".to_owned(), ..new_alder_falls() }).await.unwrap();
        assert_eq!(second.id, JurisdictionId(2));
        assert_ne!(second.secret, made.secret);
        assert_eq!(staff::jurisdictions(t.db.read()).await.unwrap(), [made, second]);
    }

    async fn creating_is_told_without_the_secret(t: &TestDb) {
        let made = city(t).await;
        let told = told(t, made.id, made.subject()).await;
        assert_eq!(told.len(), 1);
        assert_eq!((told[0].kind.as_str(), told[0].actor.as_str(), told[0].occurred_at), ("jurisdiction.created", "system", t.clock.now()));
        assert!(told[0].body.contains("City of Alder Falls"));
        assert!(!told[0].body.contains(&made.secret) && !format!("{made:?}").contains(&made.secret));
    }

    async fn a_code_is_given_once(t: &TestDb) {
        let made = city(t).await;
        let again = staff::create_jurisdiction(&t.db, &t.clock, &t.ids, NewJurisdiction { name: "Another".to_owned(), ..new_alder_falls() }).await;
        let error = again.unwrap_err();
        assert!(matches!(&error, StaffError::CodeTaken(code) if code == "alderfalls.example"));
        assert_eq!(error.to_string(), "code \"alderfalls.example\" is taken: there is a jurisdiction with it already");
        assert_eq!(staff::jurisdictions(t.db.read()).await.unwrap(), [made]);
    }

    async fn many_created_at_once_get_a_number_each(t: &TestDb) {
        t.migrate(&[events::MIGRATIONS, staff::MIGRATIONS]).await;
        let create = |n: i64| {
            let new = NewJurisdiction { code: format!("town-{n}"), ..new_alder_falls() };
            staff::create_jurisdiction(&t.db, &t.clock, &t.ids, new)
        };
        let mut numbers: Vec<i64> = futures::future::join_all((0..6).map(create)).await.into_iter().map(|made| made.unwrap().id.0).collect();
        numbers.sort_unstable();
        assert_eq!(numbers, [1, 2, 3, 4, 5, 6]);
    }

    async fn what_is_wrong_is_told_by_field_and_nothing_is_made(t: &TestDb) {
        t.migrate(&[events::MIGRATIONS, staff::MIGRATIONS]).await;
        let long = "x".repeat(501);
        let cases = [
            (NewJurisdiction { code: String::new(), ..new_alder_falls() }, vec!["code"]),
            (NewJurisdiction { code: "alder falls".to_owned(), ..new_alder_falls() }, vec!["code"]),
            (NewJurisdiction { code: "älder".to_owned(), ..new_alder_falls() }, vec!["code"]),
            (NewJurisdiction { code: "a".repeat(81), ..new_alder_falls() }, vec!["code"]),
            (NewJurisdiction { name: " \u{0}\n ".to_owned(), ..new_alder_falls() }, vec!["name"]),
            (NewJurisdiction { name: "x".repeat(201), ..new_alder_falls() }, vec!["name"]),
            (NewJurisdiction { timezone: "Central".to_owned(), ..new_alder_falls() }, vec!["timezone"]),
            (NewJurisdiction { timezone: "../../etc/passwd".to_owned(), ..new_alder_falls() }, vec!["timezone"]),
            (NewJurisdiction { timezone: String::new(), ..new_alder_falls() }, vec!["timezone"]),
            (NewJurisdiction { timezone: "Etc/Unknown".to_owned(), ..new_alder_falls() }, vec!["timezone"]),
            (NewJurisdiction { contact: long.clone(), key_service: long, ..new_alder_falls() }, vec!["contact", "key_service"]),
            (NewJurisdiction::default(), vec!["code", "name", "timezone"]),
        ];
        for (new, expected) in cases {
            let error = staff::create_jurisdiction(&t.db, &t.clock, &t.ids, new).await.unwrap_err();
            assert_eq!(fields(&error), expected, "{error}");
        }
        assert!(staff::jurisdictions(t.db.read()).await.unwrap().is_empty());
        let error = staff::create_jurisdiction(&t.db, &t.clock, &t.ids, NewJurisdiction { timezone: "Central".to_owned(), ..new_alder_falls() }).await.unwrap_err();
        assert_eq!(error.to_string(), "timezone must be a name of the IANA time zone database, such as America/Chicago");
    }

    async fn a_zone_is_kept_under_its_own_name(t: &TestDb) {
        t.migrate(&[events::MIGRATIONS, staff::MIGRATIONS]).await;
        let made = staff::create_jurisdiction(&t.db, &t.clock, &t.ids, NewJurisdiction { timezone: " america/chicago ".to_owned(), ..new_alder_falls() }).await.unwrap();
        assert_eq!(made.timezone, "America/Chicago");
        assert_eq!(t.clock.now().to_w3(&made.zone()), "2026-03-02T09:00:00-06:00");
    }

    async fn details_are_changed_and_told_once(t: &TestDb) {
        let made = city(t).await;
        let details = JurisdictionDetails {
            name: "Alder Falls".to_owned(),
            contact: "call 311".to_owned(),
            key_service: String::new(),
            public_url: Some("https://311.alderfalls.example/".to_owned()),
        };
        let change = |details: JurisdictionDetails| staff::change_jurisdiction(&t.db, &t.clock, &t.ids, made.id, details);
        let after = change(details.clone()).await.unwrap();
        assert_eq!((after.name.as_str(), after.public_url.as_deref(), &after.secret), ("Alder Falls", Some("https://311.alderfalls.example"), &made.secret));
        assert_eq!(staff::jurisdiction_by_code(t.db.read(), &made.code).await.unwrap(), Some(after));
        change(details.clone()).await.unwrap();
        let told = told(t, made.id, made.subject()).await;
        assert_eq!(told.iter().map(|e| e.kind.as_str()).collect::<Vec<_>>(), ["jurisdiction.created", "jurisdiction.changed"]);

        for bad in ["alderfalls.example", "ftp://alderfalls.example", "https://", "https://a b.example", "https://x.example/\"><script>", ""] {
            let error = change(JurisdictionDetails { public_url: Some(bad.to_owned()), ..details.clone() }).await.unwrap_err();
            assert_eq!(fields(&error), ["public_url"], "{bad}");
        }
        let nowhere = staff::change_jurisdiction(&t.db, &t.clock, &t.ids, JurisdictionId(99), details).await;
        assert!(matches!(nowhere, Err(StaffError::NoJurisdiction(JurisdictionId(99)))));
    }
}
