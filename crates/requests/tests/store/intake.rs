//! Opening and receiving: what is kept, what is refused, and what a double send makes.

use futures::FutureExt;
use kernel::{LatLon, TrackingNumber};
use requests::{FrozenPromise, IdempotencyKey, OpenError, Place, Requests, Span, Status, Upload};

use crate::city::{City, pothole};

fn png() -> Vec<u8> {
    // A picture of one pixel, made here: signature, header, data, end.
    let mut out = Vec::new();
    let picture = image::DynamicImage::ImageRgb8(image::RgbImage::from_pixel(3, 2, image::Rgb([10, 20, 30])));
    picture.write_to(&mut std::io::Cursor::new(&mut out), image::ImageFormat::Png).unwrap();
    out
}

fn key(text: &str) -> Option<IdempotencyKey> {
    Some(IdempotencyKey { client: "app".to_owned(), key: text.to_owned() })
}

testkit::both! {
    async fn a_request_is_kept_with_number_route_promise_and_history(t: &TestDb) {
        let city = City::found(t).await;
        let opened = city.requests.open(&city.j, pothole()).await.unwrap();
        let request = opened.request;
        assert!(!opened.repeated && opened.candidates.is_empty());
        assert!(request.number.parse::<TrackingNumber>().is_ok(), "{}", request.number);
        assert_eq!(request.status, Status::Received);
        assert_eq!(request.description.as_deref(), Some("A deep hole\nby the bus stop"));
        assert_eq!(request.department.as_deref(), Some("public-works"));
        assert!(request.routing.as_ref().unwrap().why.contains("Public Works") || request.routing.as_ref().unwrap().rule.is_some());
        let Some(FrozenPromise::Target { first_due_at, target_version: 1, .. }) = request.promise else { panic!("{:?}", request.promise) };
        assert_eq!(request.due_at, Some(first_due_at));
        assert!(first_due_at > city.now());
        assert_eq!(city.again(&request).await, request, "what is read is what was opened");
        assert_eq!(city.requests.by_number(&city.j, &request.number.to_lowercase().replace('-', "")).await.unwrap().unwrap().id, request.id);
        assert_eq!(city.kinds(&request).await, ["request.opened"]);
        let reporter = city.requests.reporter(&city.j, request.id).await.unwrap().unwrap();
        assert_eq!(reporter.email.unwrap().as_str(), "ana@alderfalls.example");
        let history = city.requests.history(&city.j, request.id).await.unwrap();
        assert!(history.iter().all(|event| !event.body.contains("ana@") && !event.body.contains("Ruiz") && !event.body.contains("deep hole")), "the log carries no words of residents");
    }

    async fn every_problem_is_named_and_nothing_is_written(t: &TestDb) {
        let city = City::found(t).await;
        let mut bad = pothole();
        bad.place = Place::default();
        bad.description = Some("x".repeat(4001));
        bad.priority = Some("whenever".to_owned());
        bad.media_urls = vec!["javascript:alert(1)".to_owned()];
        bad.requested_at = Some(city.now().plus_millis(86_400_000));
        let Err(OpenError::Problems(problems)) = city.requests.open(&city.j, bad).await else { panic!("refused") };
        let fields: Vec<&str> = problems.iter().map(|p| p.field.as_str()).collect();
        assert_eq!(fields, ["description", "location", "priority", "requested_datetime", "media_url"]);
        let mut bad = pothole();
        bad.service_code = "no-such".to_owned();
        assert!(matches!(city.requests.open(&city.j, bad).await, Err(OpenError::UnknownService(code)) if code == "no-such"));
        let mut bad = pothole();
        bad.uploads = vec![Upload { field: "media".to_owned(), content: b"not a picture".to_vec().into() }];
        assert!(matches!(city.requests.open(&city.j, bad).await, Err(OpenError::Problems(p)) if p[0].field == "media"));
        assert_eq!(city.requests.count(&city.j, &requests::Filter::default()).await.unwrap(), 0);
    }

    async fn a_place_may_be_only_an_address_or_only_described(t: &TestDb) {
        let city = City::found(t).await;
        for place in [
            Place { address: Some("  99  Unknown   Rd ".to_owned()), ..Place::default() },
            Place { note: Some("under the old rail bridge".to_owned()), ..Place::default() },
        ] {
            let mut new = pothole();
            new.place = place.clone();
            let request = city.requests.open(&city.j, new).await.unwrap().request;
            assert_eq!(request.place.point, None);
            assert_eq!(request.place.note, place.note);
            assert_eq!(request.place.address.as_deref(), place.address.as_ref().map(|_| "99 Unknown Rd"));
        }
    }

    async fn a_double_send_makes_one_request_also_at_the_same_moment(t: &TestDb) {
        let city = crate::city::shared(City::found(t).await);
        let mut new = pothole();
        new.idempotency = key("k1");
        let sends = futures::future::join_all((0..8).map(|_| {
            let (city, new) = (city.clone(), new.clone());
            async move { city.requests.open(&city.j, new).await.unwrap() }
        })).await;
        assert_eq!(sends.iter().filter(|opened| !opened.repeated).count(), 1);
        assert!(sends.iter().all(|opened| opened.request.number == sends[0].request.number));
        assert_eq!(city.requests.count(&city.j, &requests::Filter::default()).await.unwrap(), 1);
        let mut other = new.clone();
        other.description = Some("another hole".to_owned());
        assert!(matches!(city.requests.open(&city.j, other.clone()).await, Err(OpenError::KeyReused)));
        other.idempotency = key("k2");
        assert!(!city.requests.open(&city.j, other).await.unwrap().repeated);
    }

    async fn photos_are_kept_fresh_and_a_refused_request_leaves_none(t: &TestDb) {
        let city = City::found(t).await;
        let mut new = pothole();
        new.uploads = vec![Upload { field: "media".to_owned(), content: png().into() }];
        let request = city.requests.open(&city.j, new.clone()).await.unwrap().request;
        let photos = city.requests.photos_of(&city.j, &[request.id]).await.unwrap();
        let photo = &photos[&request.id][0];
        assert_eq!((photo.width, photo.height), (3, 2));
        let (_, content) = city.requests.photo(&city.j, photo.id).await.unwrap().unwrap();
        assert!(content.starts_with(b"\xff\xd8\xff"), "kept as a JPEG");
        let objects = || walk(&t.folder.path().join("photos"));
        assert_eq!(objects(), 1);
        new.idempotency = key("k");
        new.uploads.push(Upload { field: "photo2".to_owned(), content: b"GIF89a".to_vec().into() });
        assert!(city.requests.open(&city.j, new).await.is_err());
        assert_eq!(objects(), 1, "nothing is left of what was refused");
    }

    async fn what_may_be_the_same_is_offered_nearest_first(t: &TestDb) {
        let city = City::found(t).await;
        let there = |metres_north: f64| LatLon::new(41.6 + metres_north / 111_195.0, -93.7);
        let rule = city.requests.catalogs().get(&city.j).await.unwrap().service("pothole").unwrap().duplicate.expect("potholes have a duplicate rule");
        let mut placed = Vec::new();
        for share in [0.9, 0.1, 0.5, 3.0] {
            let mut new = pothole();
            new.place.point = there(rule.radius_m * share);
            placed.push(city.requests.open(&city.j, new).await.unwrap().request);
        }
        let closed = city.requests.close(&city.j, placed[2].id, crate::city::staff(), requests::Closing { outcome: requests::Outcome::Done, words: String::new() }).await.unwrap();
        assert_eq!(closed.status, Status::Closed);
        let opened = city.requests.open(&city.j, pothole()).await.unwrap();
        let found: Vec<_> = opened.candidates.iter().map(|c| c.request.id).collect();
        assert_eq!(found, [placed[1].id, placed[0].id], "open ones inside the radius, the nearest first");
        assert!(opened.candidates[0].likeness > opened.candidates[1].likeness);
        city.clock.advance_millis(i64::from(rule.days + 1) * 86_400_000);
        assert!(city.requests.open(&city.j, pothole()).await.unwrap().candidates.is_empty(), "too long ago");
    }

    async fn a_received_request_is_opened_once_however_often_its_job_runs(t: &TestDb) {
        let city = City::found(t).await;
        let mut new = pothole();
        new.idempotency = key("k");
        let token = city.requests.receive(&city.j, new.clone()).await.unwrap();
        assert_eq!(city.requests.receive(&city.j, new).await.unwrap(), token, "the same sending, the same token");
        let waiting = city.requests.token(&city.j, &token).await.unwrap().unwrap();
        assert_eq!((waiting.number, waiting.refused), (None, None));
        assert_eq!(city.requests.token(&city.j, "no-such").await.unwrap(), None);
        run_jobs(t, &city.requests).await;
        let number = city.requests.token(&city.j, &token).await.unwrap().unwrap().number.expect("open by now");
        let request = city.requests.by_number(&city.j, &number).await.unwrap().unwrap();
        assert_eq!(request.service_code, "pothole");
        assert_eq!(city.requests.reporter(&city.j, request.id).await.unwrap().unwrap().first_name.as_deref(), Some("Ana"));
        run_jobs(t, &city.requests).await;
        assert_eq!(city.requests.count(&city.j, &requests::Filter::default()).await.unwrap(), 1);
    }

    async fn another_government_sees_nothing(t: &TestDb) {
        let city = City::found(t).await;
        let request = city.pothole().await;
        let new = staff::NewJurisdiction { code: "elsewhere.example".to_owned(), name: "Elsewhere".to_owned(), timezone: "UTC".to_owned(), ..staff::NewJurisdiction::default() };
        let other = staff::create_jurisdiction(&t.db, &t.clock, &t.ids, new).await.unwrap();
        assert!(city.requests.by_id(&other, request.id).await.unwrap().is_none());
        assert!(city.requests.by_number(&other, &request.number).await.unwrap().is_none());
        assert_eq!(city.requests.count(&other, &requests::Filter::default()).await.unwrap(), 0);
        assert!(city.requests.history(&other, request.id).await.unwrap().is_empty());
        assert!(city.requests.updates(&other, Span::default(), 10).await.unwrap().is_empty());
        assert!(matches!(city.requests.reopen(&other, request.id, crate::city::staff(), "no").await, Err(requests::ChangeError::NotFound)));
        assert_ne!(city.requests.link_token(&city.j, request.id), city.requests.link_token(&other, request.id));
    }

    async fn the_private_link_opens_its_own_request_only(t: &TestDb) {
        let city = City::found(t).await;
        let (one, two) = (city.pothole().await, city.pothole().await);
        let token = city.requests.link_token(&city.j, one.id);
        assert_eq!(token.len(), 32);
        assert!(city.requests.check_link(&city.j, one.id, &token));
        assert!(!city.requests.check_link(&city.j, two.id, &token));
        for wrong in ["", "zz", &token[..30], &format!("{token}00"), "é".repeat(16).as_str()] {
            assert!(!city.requests.check_link(&city.j, one.id, wrong));
        }
    }
}

/// Runs what waits in the queue, now.
async fn run_jobs(t: &testkit::TestDb, requests: &Requests) {
    let handler = requests.clone();
    let workers = jobs::Workers::new(t.db.clone(), t.clock.clone(), t.ids.clone(), jobs::Settings::default()).on(
        requests::BATCH_JOB,
        jobs::Kind::default(),
        move |job| {
            let requests = handler.clone();
            async move { requests.open_received(job).await }.boxed()
        },
    );
    workers.run_due().await.unwrap();
}

fn walk(folder: &std::path::Path) -> usize {
    let Ok(entries) = std::fs::read_dir(folder) else { return 0 };
    entries.flatten().map(|entry| if entry.path().is_dir() { walk(&entry.path()) } else { 1 }).sum()
}
