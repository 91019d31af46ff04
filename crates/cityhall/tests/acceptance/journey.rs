//! A city begins, serves, backs up, and moves to another engine.

use cityhall::town::Town;
use testkit::{TestDb, alder_falls};

use crate::program::{Program, all_events, created, history, jpeg};

testkit::both! {
    async fn from_nothing_to_another_engine(t: &TestDb) {
        let city = Program::on(t.folder.path(), &t.url);
        begin(&city);
        let key = city.key(&[]);
        let served = city.serve(&[]);
        let http = reqwest::Client::new();

        // An app sends a request with a photo, and reads it back.
        let form = reqwest::multipart::Form::new()
            .text("api_key", key.clone())
            .text("service_code", "pothole")
            .text("lat", "41.6012")
            .text("long", "-93.7031")
            .text("description", "A deep one, in front of the bakery")
            .text("attribute[SIZE]", "small")
            .text("attribute[WHERE]", "lane")
            .part("media", reqwest::multipart::Part::bytes(jpeg()).file_name("hole.jpg").mime_str("image/jpeg").unwrap());
        let number = created(http.post(served.url("/open311/v2/requests.json")).multipart(form).send().await.unwrap()).await;
        let one: serde_json::Value = http.get(served.url(&format!("/open311/v2/requests/{number}.json"))).send().await.unwrap().json().await.unwrap();
        assert_eq!((one[0]["status"].as_str(), one[0]["service_code"].as_str()), (Some("open"), Some("pothole")), "{one}");
        let photo = one[0]["media_url"].as_str().unwrap_or_else(|| panic!("a photo in {one}")).to_owned();
        let photo_path = photo.split_once("/media/").map(|(_, path)| format!("/media/{path}")).unwrap();
        let sent = http.get(served.url(&photo_path)).send().await.unwrap();
        assert_eq!(sent.headers()["content-type"], "image/jpeg");
        let pixels = sent.bytes().await.unwrap();

        // Old requests are served too, and commands work while the server runs.
        let old: serde_json::Value = http.get(served.url("/open311/v2/requests/AF-0000001.json")).send().await.unwrap().json().await.unwrap();
        assert_eq!(old[0]["service_request_id"], "AF-0000001", "{old}");
        let more = city.file("more.csv", history(350));
        let summary = city.import(&["requests", "--map", "alder-falls", &more]);
        assert_eq!(summary["read"], 350, "{summary}");

        // A backup of the serving city.
        let backup = t.folder.path().join("city.tar.gz").display().to_string();
        let held: serde_json::Value = serde_json::from_str(&city.run(&["backup", "--json", &backup])).unwrap();
        assert_eq!((held["rows"]["requests"].as_u64(), held["objects"].as_u64(), held["missing"].as_u64()), (Some(351), Some(1), Some(0)), "{held}");
        let mode = std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(&backup).unwrap().permissions());
        assert_eq!(mode & 0o077, 0, "only its owner reads a backup");
        let log = served.stop();
        assert!(log.contains("stopped"), "{log}");

        // Restored on both engines, it exports the same to the letter.
        let before = city.run(&["export", "requests", "--format", "csv", "--with-private"]);
        assert_eq!(before.lines().next().unwrap().split(',').next(), Some("service_request_id"));
        let elsewhere = TestDb::sqlite().await;
        restored(&elsewhere, &backup, &before, &number, &photo_path, &pixels).await;
        elsewhere.close().await;
        if let Some(elsewhere) = TestDb::postgres().await {
            restored(&elsewhere, &backup, &before, &number, &photo_path, &pixels).await;
            elsewhere.close().await;
        }

        // A database with something in it is left alone.
        let said = city.refuses(1, &["restore", &backup]);
        assert!(said.contains("the database is not empty"), "{said}");
    }
}

/// Everything that a city takes in, twice: the second time changes nothing.
fn begin(city: &Program) {
    city.begin();
    assert!(city.run(&["export", "catalog"]) == catalog::EXAMPLE, "the catalog comes back to the letter");
    let town = Town::of(200);
    let limits = city.file("limits.geojson", alder_falls::CITY_LIMITS);
    let districts = city.file("districts.geojson", alder_falls::DISTRICTS_2012);
    let streets = city.file("streets.geojson", town.streets_geojson());
    let addresses = city.file("addresses.csv", town.addresses_csv());
    let requests = city.file("requests.csv", history(300));
    let catalog = city.file("catalog.toml", catalog::EXAMPLE);
    let imports: [&[&str]; 6] = [
        &["catalog", &catalog],
        &["boundaries", "--layer", "city-limits", "--name-field", "name", &limits],
        &["boundaries", "--layer", "districts", "--name-field", "district", "--edition", "2012", "--from", "2012-01-01", &districts],
        &["streets", &streets],
        &["addresses", &addresses],
        &["requests", "--map", "alder-falls", &requests],
    ];
    for words in imports {
        let first = city.import(words);
        let again = city.import(words);
        assert_eq!((again["imported"].as_u64(), again["unchanged"].as_u64()), (Some(0), again["read"].as_u64()), "{words:?}: {first} then {again}");
    }
    let listed = city.run(&["jurisdiction", "list"]);
    assert_eq!(listed, format!("{}\t{}\t{}\n", alder_falls::CODE, alder_falls::TIMEZONE, alder_falls::NAME));
}

async fn restored(t: &TestDb, backup: &str, before: &str, number: &str, photo_path: &str, pixels: &[u8]) {
    let city = Program::on(t.folder.path(), &t.url);
    city.run(&["restore", backup]);
    assert_eq!(city.run(&["export", "requests", "--format", "csv", "--with-private"]), before);
    let served = city.serve(&[]);
    let http = reqwest::Client::new();
    let photo = http.get(served.url(photo_path)).send().await.unwrap().bytes().await.unwrap();
    assert_eq!(photo, pixels);
    // It goes on from there: new events come after all that were restored, and the old keys still open.
    let key = city.key(&["--may-close"]);
    let now = kernel::Clock::system().now().to_string();
    let update = [
        ("api_key", key.as_str()),
        ("service_request_id", number),
        ("status", "CLOSED"),
        ("update_id", "1"),
        ("description", "Filled."),
        ("updated_datetime", &now),
    ];
    let answer = http.post(served.url("/open311/v2/servicerequestupdates.json")).form(&update).send().await.unwrap();
    assert_eq!(answer.status(), 200, "{}", answer.text().await.unwrap());
    let one: serde_json::Value = http.get(served.url(&format!("/open311/v2/requests/{number}.json"))).send().await.unwrap().json().await.unwrap();
    assert_eq!(one[0]["status"], "closed", "{one}");
    served.stop();
    let j = staff::jurisdiction_by_code(t.db.read(), alder_falls::CODE).await.unwrap().unwrap();
    let seen = all_events(&t.db, j.id).await;
    assert_eq!(seen.last().map(|event| event.kind.as_str()), Some("request.closed"), "the latest change is the last event");
}

#[test]
fn a_damaged_backup_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let city = Program::in_folder(folder.path());
    city.begin();
    let whole = folder.path().join("whole.tar.gz").display().to_string();
    city.run(&["backup", &whole]);
    let bytes = std::fs::read(&whole).unwrap();
    let mut flipped = bytes.clone();
    let middle = flipped.len() / 2;
    flipped[middle] ^= 0xff;
    let damaged: [(&str, Vec<u8>); 4] = [
        ("cut.tar.gz", bytes[..bytes.len() - 100].to_vec()),
        ("flipped.tar.gz", flipped),
        ("empty.tar.gz", Vec::new()),
        ("text.tar.gz", b"no backup".to_vec()),
    ];
    for (name, content) in damaged {
        let path = city.file(name, content);
        let other = tempfile::tempdir().unwrap();
        let fresh = Program::in_folder(other.path());
        let said = fresh.refuses(1, &["restore", &path]);
        assert!(said.contains("cannot be restored"), "{name}: {said}");
        fresh.run(&["restore", &whole]);
    }
    let said = city.refuses(1, &["restore", "gone.tar.gz"]);
    assert!(said.contains("cannot read gone.tar.gz"), "{said}");
}
