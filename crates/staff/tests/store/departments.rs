//! Departments and work groups as the catalog's file sets them.

use kernel::JurisdictionId;
use staff::{Changed, Department, StaffError};
use testkit::TestDb;

use crate::{city, department, group, public_works};
use futures::FutureExt;

/// Sets (or, with `all` false, upserts) departments.
async fn give(t: &TestDb, jurisdiction: JurisdictionId, departments: Vec<Department>, all: bool) -> Result<Changed, StaffError> {
    let (clock, ids) = (t.clock.clone(), t.ids.clone());
    t.db.write(move |tx| {
        async move {
            if all {
                staff::set_departments(tx, &clock, &ids, jurisdiction, &departments).await
            } else {
                staff::upsert_departments(tx, &clock, &ids, jurisdiction, &departments).await
            }
        }
        .boxed()
    })
    .await
}

async fn count_events(t: &TestDb) -> i64 {
    let row = db::sql::one_raw(t.db.read(), "SELECT count(*) AS n FROM events WHERE subject_kind = 'department'", []).await.unwrap().unwrap();
    row.try_get("", "n").unwrap()
}

testkit::both! {
    async fn they_come_back_as_they_were_given(t: &TestDb) {
        let alder = city(t).await;
        let all = vec![public_works(), department("sanitation", "Sanitation"), department("parks", "Parks")];
        assert_eq!(give(t, alder.id, all.clone(), true).await.unwrap(), Changed { added: 3, ..Changed::default() });
        assert_eq!(staff::departments(t.db.read(), alder.id).await.unwrap(), all);
        assert_eq!(count_events(t).await, 3);
        // The same again changes nothing.
        assert_eq!(give(t, alder.id, all.clone(), true).await.unwrap(), Changed { unchanged: 3, ..Changed::default() });
        assert_eq!(give(t, alder.id, all.clone(), false).await.unwrap(), Changed { unchanged: 3, ..Changed::default() });
        assert_eq!((staff::departments(t.db.read(), alder.id).await.unwrap(), count_events(t).await), (all, 3));
        assert!(staff::departments(t.db.read(), JurisdictionId(2)).await.unwrap().is_empty());
    }

    async fn upserting_leaves_the_others_as_they_are(t: &TestDb) {
        let alder = city(t).await;
        give(t, alder.id, vec![public_works(), department("parks", "Parks")], true).await.unwrap();
        let works = Department { email: None, work_groups: vec![group("signals", "Signals")], ..public_works() };
        let changed = give(t, alder.id, vec![department("animal-care", "Animal Care"), works.clone()], false).await.unwrap();
        assert_eq!(changed, Changed { added: 1, changed: 1, ..Changed::default() });
        let now = staff::departments(t.db.read(), alder.id).await.unwrap();
        assert_eq!(now, [works, department("parks", "Parks"), department("animal-care", "Animal Care")]);
    }

    async fn setting_gives_the_order_and_retires_the_rest_without_forgetting_them(t: &TestDb) {
        let alder = city(t).await;
        give(t, alder.id, vec![public_works(), department("sanitation", "Sanitation"), department("parks", "Parks")], true).await.unwrap();
        let now = vec![department("parks", "Parks"), Department { work_groups: vec![group("signals", "Signs and signals")], ..public_works() }];
        assert_eq!(give(t, alder.id, now.clone(), true).await.unwrap(), Changed { changed: 1, retired: 1, unchanged: 1, ..Changed::default() });
        assert_eq!(staff::departments(t.db.read(), alder.id).await.unwrap(), now);
        let ever = staff::departments_ever(t.db.read(), alder.id).await.unwrap();
        let mut names: Vec<&str> = ever.iter().flat_map(|d| std::iter::once(d.name.as_str()).chain(d.work_groups.iter().map(|g| g.name.as_str()))).collect();
        names.sort_unstable();
        assert_eq!(names, ["Parks", "Public Works", "Sanitation", "Signs and signals", "Streets"]);
        // Retired is told once; coming back is too.
        assert_eq!(give(t, alder.id, now.clone(), true).await.unwrap(), Changed { unchanged: 2, ..Changed::default() });
        let with_sanitation = [now, vec![department("sanitation", "Sanitation")]].concat();
        assert_eq!(give(t, alder.id, with_sanitation.clone(), true).await.unwrap(), Changed { added: 1, unchanged: 2, ..Changed::default() });
        assert_eq!(staff::departments(t.db.read(), alder.id).await.unwrap(), with_sanitation);
    }

    async fn what_is_wrong_is_told_by_field_and_nothing_is_set(t: &TestDb) {
        let alder = city(t).await;
        let bad = vec![
            Department { name: String::new(), phone: Some("5".repeat(61)), work_groups: vec![group("a b", "Streets"), group("x", ""), group("x", "Y")], ..public_works() },
            department("parks", "Parks"),
            department("parks", "Parks again"),
        ];
        let Err(StaffError::Problems(problems)) = give(t, alder.id, bad, true).await else { panic!("it must be refused") };
        let fields: Vec<&str> = problems.iter().map(|p| p.field.as_str()).collect();
        assert_eq!(fields, [
            "departments.public-works.name",
            "departments.public-works.phone",
            "departments.public-works.work_groups.a b.code",
            "departments.public-works.work_groups.x.name",
            "departments.public-works.work_groups.x.code",
            "departments.parks.code",
        ]);
        assert!(staff::departments(t.db.read(), alder.id).await.unwrap().is_empty());
    }
}
