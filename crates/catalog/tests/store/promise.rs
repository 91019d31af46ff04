//! Targets that remember.

use catalog::{AROUND_THE_CLOCK, Priority, TargetKey};

use crate::{at, import, load, with_example};

testkit::both! {
    async fn a_change_of_target_moves_no_earlier_date_and_reports_restate_both_ways(t: &TestDb) {
        let (city, june) = with_example(t).await;
        let pothole = june.service("pothole").unwrap().clone();
        let early = at("2026-06-22T09:00");
        let promised = june.promise(&pothole, Priority::Normal, early).unwrap();
        assert_eq!((promised.due_at, promised.target_version, promised.amount.to_string()), (at("2026-06-25T09:00"), 1, "3 working days".to_owned()));
        assert_eq!((promised.target.as_str(), promised.calendar.as_str(), promised.calendar_version), ("service:pothole/normal", "crews", 1));

        t.clock.move_to(at("2026-06-26T12:00"));
        import(t, &city, &catalog::EXAMPLE.replace("3 working days", "2 working days")).await.unwrap();
        let july = load(t, &city).await;
        let late = at("2026-06-29T09:00");
        let new = july.promise(&pothole, Priority::Normal, late).unwrap();
        assert_eq!((new.due_at, new.target_version), (at("2026-07-01T09:00"), 2));
        // The earlier request has the same promise as before, asked at any time.
        assert_eq!(july.promise(&pothole, Priority::Normal, early).unwrap(), promised);
        // Restated: the old request under the new target, the new one under the old.
        assert_eq!(july.promise_under(&pothole, Priority::Normal, early, late).unwrap().due_at, at("2026-06-24T09:00"));
        assert_eq!(july.promise_under(&pothole, Priority::Normal, late, early).unwrap().due_at, at("2026-07-02T09:00"));
        let key = TargetKey::service("pothole", Priority::Normal);
        assert_eq!(july.promise_by_version(&key, 1, late).unwrap().due_at, at("2026-07-02T09:00"));
        assert_eq!(july.promise_by_version(&key, 3, late), None);
    }

    async fn the_nearest_target_counts(t: &TestDb) {
        let (_, catalog) = with_example(t).await;
        let monday = at("2026-03-09T08:00");
        let promise = |code: &str, priority| catalog.promise(catalog.service(code).unwrap(), priority, monday);
        // Its own, for the priority.
        assert_eq!(promise("pothole", Priority::Urgent).unwrap().due_at, at("2026-03-09T12:30"));
        // Its own for normal, when there is none for the priority.
        assert_eq!(promise("pothole", Priority::High).unwrap().target, "service:pothole/normal");
        // Calendar time runs at night.
        let drain = catalog.promise(catalog.service("storm-drain").unwrap(), Priority::Urgent, at("2026-03-07T22:00")).unwrap();
        assert_eq!((drain.due_at, drain.calendar.as_str(), drain.calendar_version), (at("2026-03-08T05:00"), AROUND_THE_CLOCK, 0));
        // The group's, then everybody's.
        assert_eq!(promise("graffiti", Priority::Normal).unwrap().target, "group:Trash and recycling/normal");
        assert_eq!(promise("dead-animal-highway", Priority::Low).unwrap().target, "all/normal");
        // Longer than a year.
        assert_eq!(promise("sidewalk", Priority::Normal).unwrap().due_at, at("2027-09-09T08:00"));
        // Before the first version nothing was promised.
        assert_eq!(catalog.promise(catalog.service("pothole").unwrap(), Priority::Normal, at("2020-01-01T09:00")), None);
    }

    async fn none_promises_nothing_and_a_pause_moves_the_date_by_working_time(t: &TestDb) {
        let (city, catalog) = with_example(t).await;
        let pothole = catalog.service("pothole").unwrap().clone();
        let promise = catalog.promise(&pothole, Priority::Normal, at("2026-03-09T09:00")).unwrap();
        assert_eq!(promise.due_at, at("2026-03-12T09:00"));
        let after = |from, until| catalog.due_after_pause(promise.amount, &promise.calendar, promise.calendar_version, promise.due_at, from, until).unwrap();
        // From Tuesday noon to Wednesday noon: one working day of crews.
        assert_eq!(after(at("2026-03-10T12:00"), at("2026-03-11T12:00")), at("2026-03-13T09:00"));
        // Over a night: nothing.
        assert_eq!(after(at("2026-03-10T16:00"), at("2026-03-11T07:00")), promise.due_at);
        assert_eq!(catalog.due_after_pause(promise.amount, "gone", 1, promise.due_at, promise.due_at, promise.due_at), None);

        t.clock.move_to(at("2026-04-01T09:00"));
        import(t, &city, &catalog::EXAMPLE.replace("within = \"3 working days\"\ncalendar = \"crews\"", "within = \"none\"")).await.unwrap();
        let now = load(t, &city).await;
        assert_eq!(now.promise(&pothole, Priority::Normal, at("2026-04-02T09:00")), None);
        assert_eq!(now.promise(&pothole, Priority::Normal, at("2026-03-09T09:00")), Some(promise));
        // Withdrawn, farther targets count again.
        t.clock.move_to(at("2026-05-01T09:00"));
        import(t, &city, &catalog::EXAMPLE.replace("within = \"3 working days\"\ncalendar = \"crews\"", "within = \"withdrawn\"")).await.unwrap();
        let now = load(t, &city).await;
        assert_eq!(now.promise(&pothole, Priority::Normal, at("2026-05-04T09:00")).unwrap().target, "all/normal");
    }
}
