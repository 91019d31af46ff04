//! Keys: made, shown once, found by what they are, revoked.

use kernel::JurisdictionId;
use staff::{NewJurisdiction, Rights, StaffError};

use crate::{city, new_alder_falls, told};

testkit::both! {
    async fn a_key_opens_what_it_was_made_for_and_the_database_does_not_know_it(t: &TestDb) {
        let alder = city(t).await;
        let county = staff::create_jurisdiction(&t.db, &t.clock, &t.ids, NewJurisdiction { code: "county".to_owned(), ..new_alder_falls() }).await.unwrap();
        let rights = Rights { may_close: true, ..Rights::APP };
        let (record, key) = staff::create_api_key(&t.db, &t.clock, &t.ids, alder.id, "  Street  app ", rights).await.unwrap();
        assert_eq!((record.name.as_str(), record.rights, record.created_at, record.revoked_at), ("Street app", rights, t.clock.now(), None));
        assert!(key.starts_with("ck_") && key.len() == 67);
        assert_eq!(staff::api_key(t.db.read(), alder.id, &key).await.unwrap(), Some(record.clone()));
        for other in ["", "ck_", &key[3..], &key.to_uppercase(), &format!("{key} "), &format!("ck_{}", "0".repeat(64)), "' OR 1=1 --"] {
            assert_eq!(staff::api_key(t.db.read(), alder.id, other).await.unwrap(), None, "{other}");
        }
        assert_eq!(staff::api_key(t.db.read(), county.id, &key).await.unwrap(), None, "it is of another jurisdiction");

        // Neither the row nor the event holds the key.
        let row = db::sql::one_raw(t.db.read(), "SELECT key_hash, rights FROM api_keys", []).await.unwrap().unwrap();
        let (hash, words): (String, String) = (row.try_get("", "key_hash").unwrap(), row.try_get("", "rights").unwrap());
        assert!(hash.len() == 64 && !key.contains(&hash) && words == "create update close");
        let told = told(t, alder.id, record.id).await;
        assert_eq!(told.iter().map(|e| e.kind.as_str()).collect::<Vec<_>>(), ["api-key.created"]);
        assert!(!told[0].body.contains(&key[3..]) && !told[0].body.contains(&hash));
    }

    async fn a_revoked_key_is_not_found_and_stays_in_the_list(t: &TestDb) {
        let alder = city(t).await;
        let (old, old_key) = staff::create_api_key(&t.db, &t.clock, &t.ids, alder.id, "old app", Rights::APP).await.unwrap();
        let (new, new_key) = staff::create_api_key(&t.db, &t.clock, &t.ids, alder.id, "new app", Rights::default()).await.unwrap();
        assert_ne!(old_key, new_key);
        t.clock.advance_millis(1_000);
        let revoked = staff::revoke_api_key(&t.db, &t.clock, &t.ids, alder.id, old.id).await.unwrap();
        assert_eq!(revoked.revoked_at, Some(t.clock.now()));
        assert_eq!(staff::api_key(t.db.read(), alder.id, &old_key).await.unwrap(), None);
        assert_eq!(staff::api_key(t.db.read(), alder.id, &new_key).await.unwrap(), Some(new.clone()));
        // Again changes nothing.
        t.clock.advance_millis(1_000);
        assert_eq!(staff::revoke_api_key(&t.db, &t.clock, &t.ids, alder.id, old.id).await.unwrap(), revoked);
        assert_eq!(told(t, alder.id, old.id).await.iter().map(|e| e.kind.as_str()).collect::<Vec<_>>(), ["api-key.created", "api-key.revoked"]);
        assert_eq!(staff::api_keys(t.db.read(), alder.id).await.unwrap(), [revoked, new]);
        let elsewhere = staff::revoke_api_key(&t.db, &t.clock, &t.ids, JurisdictionId(2), old.id).await;
        assert!(matches!(elsewhere, Err(StaffError::NoApiKey(id)) if id == old.id));
    }

    async fn a_key_needs_a_name_and_a_jurisdiction(t: &TestDb) {
        let alder = city(t).await;
        let unnamed = staff::create_api_key(&t.db, &t.clock, &t.ids, alder.id, " ", Rights::APP).await.unwrap_err();
        assert_eq!(unnamed.to_string(), "name must not be empty");
        let nowhere = staff::create_api_key(&t.db, &t.clock, &t.ids, JurisdictionId(99), "app", Rights::APP).await;
        assert!(matches!(nowhere, Err(StaffError::NoJurisdiction(JurisdictionId(99)))));
        assert!(staff::api_keys(t.db.read(), alder.id).await.unwrap().is_empty());
    }
}
