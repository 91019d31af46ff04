//! Residents' contacts: planted in a request, they are found nowhere but where staff with the right look for them.

use crate::program::{Program, all_events, created, history};

/// What is planted: none of it may show anywhere.
const PLANTED: [&str; 5] = ["wenli.secret", "555-0143", "5550143", "Wenceslas", "Zzyzx"];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn contacts_show_nowhere() {
    let folder = tempfile::tempdir().unwrap();
    let city = Program::in_folder(folder.path());
    city.begin();
    let requests = city.file("requests.csv", history(20));
    city.run(&["import", "requests", "--map", "alder-falls", &requests]);
    let key = city.key(&[]);
    // As much log as there is.
    let served = city.serve(&["--log-level", "trace", "--log-format", "json"]);
    let http = reqwest::Client::new();
    let contact = [
        ("email", "wenli.secret@alderfalls.example"),
        ("phone", "+1 641 555-0143"),
        ("first_name", "Wenceslas"),
        ("last_name", "Zzyzx"),
        ("device_id", "Zzyzx-phone"),
    ];
    let place = [("api_key", key.as_str()), ("service_code", "street-light"), ("address_string", "1200 Mill St"), ("description", "The light is out")];
    let form: Vec<_> = place.iter().chain(&contact).copied().collect();
    let number = created(http.post(served.url("/open311/v2/requests.json")).form(&form).send().await.unwrap()).await;
    // The same in the query, and in calls that are refused.
    created(http.post(served.url("/open311/v2/requests.json")).query(&form).send().await.unwrap()).await;
    let mut wrong = form.clone();
    wrong.retain(|(name, _)| *name != "service_code");
    assert_eq!(http.post(served.url("/open311/v2/requests.xml")).form(&wrong).send().await.unwrap().status(), 400);
    let mut wrong: Vec<_> = form.clone();
    wrong[0].1 = "wenli.secret";
    assert_eq!(http.post(served.url("/open311/v2/requests.json")).form(&wrong).send().await.unwrap().status(), 403);
    http.get(served.url("/wenli.secret/Zzyzx?phone=5550143")).send().await.unwrap();

    let mut seen = Vec::new();
    for path in [
        "/",
        "/metrics",
        "/open311/discovery.json",
        "/open311/v2/requests.json?extensions=true",
        "/open311/v2/requests.xml?extensions=true",
        "/open311/v2/servicerequestupdates.json",
        &format!("/open311/v2/requests/{number}.json?extensions=true"),
    ] {
        let answer = http.get(served.url(path)).send().await.unwrap();
        assert_eq!(answer.status(), 200, "{path}");
        seen.push((path.to_owned(), answer.text().await.unwrap()));
    }
    for format in ["csv", "geojson"] {
        seen.push((format!("export {format}"), city.run(&["export", "requests", "--with-private", "--format", format])));
    }
    let doctor = city.output(&["doctor", "--json"]);
    seen.push(("doctor".to_owned(), String::from_utf8(doctor.stdout).unwrap()));
    let log = served.stop();
    assert!(
        log.lines().count() > 10 && log.lines().all(|line| serde_json::from_str::<serde_json::Value>(line).is_ok()),
        "every line of the log is JSON: {log}"
    );
    assert!(log.contains("\"status\":403") && log.contains("unmatched"), "{log}");
    seen.push(("log".to_owned(), log));
    let db = db::Db::open(&city.database, &db::Settings::default()).await.unwrap();
    let j = staff::jurisdictions(db.read()).await.unwrap().remove(0);
    let events = all_events(&db, j.id).await;
    assert!(events.iter().any(|event| event.kind == "request.opened"));
    seen.push(("events".to_owned(), format!("{events:?}")));
    db.close().await.unwrap();
    for (place, text) in &seen {
        for secret in PLANTED {
            assert!(!text.contains(secret), "{secret} shows in {place}:\n{text}");
        }
    }
}
