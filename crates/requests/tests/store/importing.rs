//! Requests of another system, many at a time.

use std::collections::BTreeMap;

use kernel::{JurisdictionId, Timestamp};
use requests::{Channel, Imported, Outcome, Place, Request, RequestId, Status, import_rows, link_parents};
use testkit::TestDb;

use crate::city::City;

fn row(t: &TestDb, number: &str, fingerprint: i64, outcome: Option<Outcome>) -> Imported {
    let at = Timestamp::from_millis(1_400_000_000_000);
    let request = Request {
        id: RequestId(t.ids.next()),
        number: number.to_owned(),
        origin: None,
        fingerprint: Some(fingerprint),
        service_code: "pothole".to_owned(),
        status: if outcome.is_some() { Status::Closed } else { Status::Received },
        outcome,
        explanation: None,
        priority: "normal".to_owned(),
        channel: Channel::Phone,
        department: Some("public-works".to_owned()),
        work_group: None,
        assignee: None,
        private: false,
        place: Place::default(),
        in_city: None,
        areas: BTreeMap::new(),
        description: None,
        answers: BTreeMap::new(),
        media_urls: Vec::new(),
        requested_at: at,
        recorded_at: at,
        updated_at: at.plus_millis(5),
        closed_at: outcome.map(|_| at.plus_millis(5)),
        due_at: None,
        promise: None,
        paused_at: None,
        routing: None,
        parent: None,
        source_fields: BTreeMap::from([("district".to_owned(), "4".to_owned())]),
        revision: 1,
    };
    Imported { request, parent_number: None }
}

async fn import(t: &TestDb, j: JurisdictionId, rows: Vec<Imported>) -> requests::ImportedCounts {
    import_rows(&t.db, j, "old-system", rows, t.clock.now(), &t.ids).await.unwrap()
}

testkit::both! {
    async fn a_second_run_changes_nothing_and_a_changed_row_is_changed(t: &TestDb) {
        let city = City::found(t).await;
        let rows = || (0..1200).map(|n| row(t, &format!("20070{n:05}"), n, (n % 3 > 0).then_some(Outcome::Done))).collect::<Vec<_>>();
        let first = import(t, city.j.id, rows()).await;
        assert_eq!((first.inserted, first.updated, first.unchanged, first.refused.len()), (1200, 0, 0, 0));
        let second = import(t, city.j.id, rows()).await;
        assert_eq!((second.inserted, second.updated, second.unchanged), (0, 0, 1200));
        let third = import(t, city.j.id, vec![row(t, "2007000000", -1, Some(Outcome::NotFound)), row(t, "2007000001", 1, Some(Outcome::Done))]).await;
        assert_eq!((third.updated, third.unchanged), (1, 1));
        let changed = city.requests.by_number(&city.j, "2007000000").await.unwrap().unwrap();
        assert_eq!((changed.status, changed.outcome, changed.revision), (Status::Closed, Some(Outcome::NotFound), 2));
        assert_eq!(changed.source_fields["district"], "4");
        assert_eq!(city.kinds(&changed).await, ["request.opened", "request.imported-again", "request.closed"]);
        let closed = city.requests.by_number(&city.j, "2007000001").await.unwrap().unwrap();
        let history = city.requests.history(&city.j, closed.id).await.unwrap();
        assert_eq!(history.iter().map(|e| (e.kind.as_str(), e.occurred_at.millis())).collect::<Vec<_>>(), [("request.opened", 1_400_000_000_000), ("request.closed", 1_400_000_000_005)]);
    }

    async fn what_others_own_is_never_overwritten(t: &TestDb) {
        let city = City::found(t).await;
        let own = city.pothole().await;
        let counts = import(t, city.j.id, vec![row(t, &own.number, 1, None), row(t, "A-1", 1, None), row(t, "A-1", 2, None)]).await;
        assert_eq!(counts.inserted, 1);
        assert_eq!(counts.refused.iter().map(|(place, _)| *place).collect::<Vec<_>>(), [0, 2]);
        assert!(counts.refused[0].1.contains("Cityhall itself") && counts.refused[1].1.contains("twice"));
        assert_eq!(city.again(&own).await, own);
        let other = import_rows(&t.db, city.j.id, "third-system", vec![row(t, "A-1", 9, None)], t.clock.now(), &t.ids).await.unwrap();
        assert!(other.refused[0].1.contains("old-system"));
    }

    async fn repeats_find_their_first_request_wherever_it_stands(t: &TestDb) {
        let city = City::found(t).await;
        let child = |number: &str, parent: &str| Imported { parent_number: Some(parent.to_owned()), ..row(t, number, 1, Some(Outcome::Duplicate)) };
        import(t, city.j.id, vec![row(t, "P-1", 1, None), child("C-1", "P-1"), child("C-2", "P-2"), child("C-3", "never")]).await;
        import(t, city.j.id, vec![row(t, "P-2", 1, None)]).await;
        assert_eq!(link_parents(&t.db, city.j.id, "old-system").await.unwrap(), 1);
        assert_eq!(link_parents(&t.db, city.j.id, "old-system").await.unwrap(), 0, "once is enough");
        let get = async |number: &str| city.requests.by_number(&city.j, number).await.unwrap().unwrap();
        let (p1, p2) = (get("P-1").await, get("P-2").await);
        assert_eq!(get("C-1").await.parent, Some(p1.id));
        assert_eq!(get("C-2").await.parent, Some(p2.id));
        assert_eq!(get("C-3").await.parent, None);
        let again = import(t, city.j.id, vec![child("C-2", "P-2")]).await;
        assert_eq!(again.unchanged, 1);
    }
}
