//! The life of a request after it was opened.

use events::Actor;
use kernel::{LatLon, Timestamp};
use requests::{Act, Assignment, ChangeError, Closing, Comment, FrozenPromise, Outcome, Place, PostedStatus, Progress, Span, Status, Update, Upload};

use crate::city::{City, staff};

const HOUR: i64 = 3_600_000;

fn closing(outcome: Outcome, words: &str) -> Closing {
    Closing { outcome, words: words.to_owned() }
}

fn comment(number: &str, id: &str, status: Option<PostedStatus>, may_change: bool, words: &str) -> Comment {
    Comment {
        actor: Actor::Resident,
        client: "fixmystreet".to_owned(),
        client_update_id: id.to_owned(),
        number: number.to_owned(),
        status,
        may_change,
        words: words.to_owned(),
        updated_at: None,
        media_urls: Vec::new(),
        uploads: Vec::new(),
    }
}

testkit::both! {
    async fn from_received_to_done_and_back(t: &TestDb) {
        let city = City::found(t).await;
        let request = city.pothole().await;
        let to = Assignment { department: "public-works".to_owned(), work_group: None, assignee: Some("Tom Becker".to_owned()) };
        let request = city.requests.assign(&city.j, request.id, staff(), to).await.unwrap();
        assert_eq!((request.status, request.revision), (Status::Assigned, 2));
        let started = Update { progress: Some(Progress::UnderWay), ..Update::default() };
        assert_eq!(city.requests.update(&city.j, request.id, staff(), started).await.unwrap().status, Status::UnderWay);
        city.clock.advance_millis(HOUR);
        let closed = city.requests.close(&city.j, request.id, staff(), closing(Outcome::Done, "Filled with hot mix.")).await.unwrap();
        assert_eq!((closed.status, closed.outcome, closed.closed_at), (Status::Closed, Some(Outcome::Done), Some(city.now())));
        assert_eq!(closed.explanation.as_deref(), Some("Filled with hot mix."));
        assert!(matches!(city.requests.close(&city.j, request.id, staff(), closing(Outcome::Done, "")).await, Err(ChangeError::NotAllowed(_))), "no second end");
        let open = city.requests.reopen(&city.j, request.id, staff(), "It sank again.").await.unwrap();
        assert_eq!((open.status, open.outcome, open.closed_at), (Status::Received, None, None));
        assert_eq!(open.due_at, closed.due_at, "the first promise stands");
        assert_eq!(city.kinds(&request).await, ["request.opened", "request.assigned", "request.updated", "request.closed", "request.reopened"]);
        let history = city.requests.history(&city.j, request.id).await.unwrap();
        assert!(history[3].body.contains("\"from\":\"under-way\"") && history[3].body.contains("\"to\":\"closed\""));
        let updates = &city.requests.updates_of(&city.j, &[request.id]).await.unwrap()[&request.id];
        assert_eq!(updates.iter().map(|u| u.status).collect::<Vec<_>>(), [Status::Assigned, Status::UnderWay, Status::Closed, Status::Received]);
    }

    async fn an_end_needs_an_outcome_that_says_something(t: &TestDb) {
        let city = City::found(t).await;
        let request = city.pothole().await;
        for (outcome, field) in [(Outcome::NotOurs, "description"), (Outcome::NotACityService, "description"), (Outcome::NotRecorded, "outcome")] {
            let Err(ChangeError::Problems(problems)) = city.requests.close(&city.j, request.id, staff(), closing(outcome, " ")).await else { panic!("{outcome}") };
            assert_eq!(problems[0].field, field);
        }
        assert_eq!(city.again(&request).await, request, "nothing changed");
        let closed = city.requests.close(&city.j, request.id, staff(), closing(Outcome::NotFound, "")).await.unwrap();
        assert!(closed.explanation.unwrap().contains("did not find"));
    }

    async fn waiting_stops_the_clock_of_the_promise(t: &TestDb) {
        let city = City::found(t).await;
        let request = city.pothole().await;
        let due = request.due_at.unwrap();
        let waiting = city.requests.wait(&city.j, request.id, staff(), "Which side of the street?").await.unwrap();
        assert_eq!((waiting.status, waiting.paused_at), (Status::Waiting, Some(city.now())));
        assert!(matches!(city.requests.wait(&city.j, request.id, staff(), "Again?").await, Err(ChangeError::NotAllowed(_))));
        city.clock.advance_millis(24 * HOUR);
        let resumed = city.requests.resume(&city.j, request.id, staff(), "The north side").await.unwrap();
        assert_eq!((resumed.status, resumed.paused_at), (Status::Assigned, None));
        let moved = resumed.due_at.unwrap().millis() - due.millis();
        assert_eq!(moved, 24 * HOUR, "a working day of waiting moves the date by a working day");
        let Some(FrozenPromise::Target { first_due_at, .. }) = resumed.promise else { panic!("kept") };
        assert_eq!(first_due_at, due, "the first promise is still known");
        assert!(city.requests.wait(&city.j, request.id, staff(), "").await.is_err(), "a question is needed");
    }

    async fn a_repeat_ends_and_names_the_first_request(t: &TestDb) {
        let city = City::found(t).await;
        let (first, second, third) = (city.pothole().await, city.pothole().await, city.pothole().await);
        assert!(city.requests.mark_duplicate(&city.j, first.id, staff(), first.id).await.is_err(), "not of itself");
        let second = city.requests.mark_duplicate(&city.j, second.id, staff(), first.id).await.unwrap();
        assert_eq!((second.outcome, second.parent), (Some(Outcome::Duplicate), Some(first.id)));
        assert!(second.explanation.unwrap().contains(&first.number));
        let third = city.requests.mark_duplicate(&city.j, third.id, staff(), second.id).await.unwrap();
        assert_eq!(third.parent, Some(first.id), "a repeat of a repeat is one of the first");
        assert!(city.requests.mark_duplicate(&city.j, first.id, staff(), third.id).await.is_err(), "no circles");
        let open = city.requests.reopen(&city.j, third.id, staff(), "Another hole after all").await.unwrap();
        assert_eq!(open.parent, None);
    }

    async fn another_service_is_routed_and_promised_anew(t: &TestDb) {
        let city = City::found(t).await;
        let request = city.pothole().await;
        let other = city.requests.change_service(&city.j, request.id, staff(), "missed-trash").await.unwrap();
        assert_eq!(other.department.as_deref(), Some("sanitation"));
        assert_ne!(other.due_at, request.due_at);
        let history = city.requests.history(&city.j, request.id).await.unwrap();
        assert!(history[1].body.contains("\"service\":\"pothole\""), "what it was before is kept");
        assert!(city.requests.change_service(&city.j, request.id, staff(), "no-such").await.is_err());
    }

    async fn a_moved_request_takes_its_areas_along(t: &TestDb) {
        let city = City::found(t).await;
        let request = city.pothole().await;
        let place = Place { point: LatLon::new(41.61, -93.72), ..Place::default() };
        let moved = city.requests.move_to(&city.j, request.id, staff(), place.clone()).await.unwrap();
        assert_eq!(moved.place.point, place.point);
        let near = requests::Filter { near: Some((place.point.unwrap(), 50.0)), limit: 10, ..requests::Filter::default() };
        assert_eq!(city.requests.list(&city.j, &near).await.unwrap().len(), 1);
        assert!(city.requests.move_to(&city.j, request.id, staff(), Place::default()).await.is_err());
    }

    async fn two_who_edit_do_not_overwrite_each_other(t: &TestDb) {
        let city = crate::city::shared(City::found(t).await);
        let request = city.pothole().await;
        let seen = Act { actor: Actor::System, expect_revision: Some(request.revision) };
        let edits = futures::future::join_all((0..4).map(|n| {
            let (city, seen) = (city.clone(), seen.clone());
            async move { city.requests.update(&city.j, request.id, seen, Update { words: format!("edit {n}"), public: true, ..Update::default() }).await }
        })).await;
        assert_eq!(edits.iter().filter(|edit| edit.is_ok()).count(), 1);
        assert!(edits.iter().filter_map(|edit| edit.as_ref().err()).all(|error| matches!(error, ChangeError::Stale { seen: 1, now: 2 })));
        assert_eq!(city.kinds(&request).await.len(), 2, "what was refused left no trace");
    }

    async fn updates_of_other_systems_are_taken_once(t: &TestDb) {
        let city = City::found(t).await;
        let request = city.pothole().await;
        let first = city.requests.comment(&city.j, comment(&request.number, "7", None, false, "Getting worse")).await.unwrap();
        let again = city.requests.comment(&city.j, comment(&request.number, "7", None, false, "Getting worse")).await.unwrap();
        assert!(!first.repeated && again.repeated);
        assert_eq!(first.update.id, again.update.id);
        let kept = city.requests.comment(&city.j, comment(&request.number, "8", Some(PostedStatus::Closed(Outcome::Done)), false, "Fixed!")).await.unwrap();
        assert_eq!(kept.update.status, Status::Received, "without the right it is a comment");
        let closed = city.requests.comment(&city.j, comment(&request.number, "9", Some(PostedStatus::Closed(Outcome::Done)), true, "")).await.unwrap();
        assert_eq!((closed.update.status, closed.update.outcome), (Status::Closed, Some(Outcome::Done)));
        assert!(closed.update.words.is_some(), "the resident reads a sentence");
        let open = city.requests.comment(&city.j, comment(&request.number, "10", Some(PostedStatus::Open), true, "Not fixed")).await.unwrap();
        assert_eq!(open.update.status, Status::Received);
        assert!(matches!(city.requests.comment(&city.j, comment("NOSUCH", "1", None, true, "x")).await, Err(ChangeError::NotFound)));
        let all = city.requests.updates(&city.j, Span { from: Some(city.now()), until: Some(city.now()) }, 100).await.unwrap();
        assert_eq!(all.len(), 4);
        assert!(city.requests.updates(&city.j, Span { from: Some(city.now().plus_millis(1)), until: None }, 100).await.unwrap().is_empty());
        let mut bad = comment(&request.number, "11", None, true, "x");
        bad.uploads = vec![Upload { field: "photo1".to_owned(), content: b"no".to_vec().into() }];
        assert!(matches!(city.requests.comment(&city.j, bad).await, Err(ChangeError::Problems(p)) if p[0].field == "photo1"));
        assert_eq!(city.requests.updates(&city.j, Span::default(), 100).await.unwrap().len(), 4);
    }

    async fn a_changed_target_moves_no_promise_made_before(t: &TestDb) {
        let city = City::found(t).await;
        let before = city.pothole().await;
        city.clock.advance_millis(24 * HOUR);
        let text = catalog::EXAMPLE.to_owned();
        let slower = slower_potholes(&text);
        catalog::import_catalog(&t.db, &t.clock, &t.ids, &city.j, &slower).await.unwrap();
        city.clock.advance_millis(24 * HOUR);
        let after = city.pothole().await;
        assert_eq!(city.again(&before).await.due_at, before.due_at);
        let version = |request: &requests::Request| match &request.promise {
            Some(FrozenPromise::Target { target_version, .. }) => *target_version,
            other => panic!("{other:?}"),
        };
        assert_eq!((version(&before), version(&after)), (1, 2));
        let days = |from: Timestamp, to: Option<Timestamp>| (to.unwrap().millis() - from.millis()) / (24 * HOUR);
        assert!(days(after.requested_at, after.due_at) > days(before.requested_at, before.due_at));
    }

    async fn lists_are_stable_and_skip_what_is_private(t: &TestDb) {
        let city = City::found(t).await;
        let mut all = Vec::new();
        for n in 0..7 {
            if n % 2 == 0 {
                city.clock.advance_millis(1000);
            }
            all.push(city.pothole().await);
        }
        let filter = |limit, offset| requests::Filter { limit, offset, ..requests::Filter::default() };
        let mut paged = Vec::new();
        for page in 0..4 {
            paged.extend(city.requests.list(&city.j, &filter(2, page * 2)).await.unwrap().into_iter().map(|r| r.id));
        }
        let mut expected: Vec<_> = all.iter().map(|r| (r.requested_at, r.id)).collect();
        expected.sort_unstable_by(|a, b| b.cmp(a));
        assert_eq!(paged, expected.iter().map(|(_, id)| *id).collect::<Vec<_>>(), "newest first, every one once");
        let by_number = requests::Filter { numbers: Some(vec![all[3].number.clone(), "none".to_owned()]), limit: 10, ..requests::Filter::default() };
        assert_eq!(city.requests.list(&city.j, &by_number).await.unwrap().len(), 1);
        let none = requests::Filter { services: Some(Vec::new()), limit: 10, ..requests::Filter::default() };
        assert!(city.requests.list(&city.j, &none).await.unwrap().is_empty());
        let closed = requests::Filter { open: Some(false), limit: 10, ..requests::Filter::default() };
        assert!(city.requests.list(&city.j, &closed).await.unwrap().is_empty());
        let since = requests::Filter { requested: Span { from: Some(all[6].requested_at), until: None }, limit: 10, ..requests::Filter::default() };
        assert_eq!(city.requests.list(&city.j, &since).await.unwrap().len(), 1);
        let walked = requests::Requests::walk(&t.db, &city.j, &filter(0, 0), Some(all[4].id), 10).await.unwrap();
        assert_eq!(walked.iter().map(|r| r.id).collect::<Vec<_>>(), [all[5].id, all[6].id]);
    }
}

/// The example catalog with a target for potholes that is three times as long.
fn slower_potholes(text: &str) -> String {
    let lines = text.lines().collect::<Vec<_>>();
    let at = lines.iter().position(|line| line.trim() == "code = \"pothole\"").unwrap();
    let within = (at..lines.len()).find(|n| lines[*n].trim_start().starts_with("within")).unwrap();
    let mut changed: Vec<String> = lines.iter().map(|line| (*line).to_owned()).collect();
    changed[within] = "within = \"30 working days\"".to_owned();
    changed.join("\n") + "\n"
}
