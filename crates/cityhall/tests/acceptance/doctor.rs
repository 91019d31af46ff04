//! `cityhall doctor` on a healthy installation, and on damaged ones.

use std::path::Path;

use crate::program::{Program, created, jpeg};

/// Findings that are not ok, as `check: what`.
fn complaints(city: &Program, status: i32) -> Vec<String> {
    let output = city.output(&["doctor", "--json"]);
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(status), "{text}\n{}", String::from_utf8_lossy(&output.stderr));
    let findings: Vec<serde_json::Value> = serde_json::from_str(&text).unwrap();
    let bad = findings.iter().filter(|finding| finding["state"] == "wrong");
    bad.map(|finding| {
        assert!(finding["mend"].as_str().is_some_and(|mend| !mend.is_empty()), "{finding} says how to mend it");
        format!("{}: {}", finding["check"].as_str().unwrap(), finding["what"].as_str().unwrap())
    })
    .collect()
}

async fn with_a_photo(folder: &Path) -> Program {
    let city = Program::in_folder(folder);
    city.begin();
    let key = city.key(&[]);
    let served = city.serve(&[]);
    let part = reqwest::multipart::Part::bytes(jpeg()).file_name("light.jpg");
    let form =
        reqwest::multipart::Form::new().text("api_key", key).text("service_code", "street-light").text("address_string", "1200 Mill St").part("media", part);
    created(reqwest::Client::new().post(served.url("/open311/v2/requests.json")).multipart(form).send().await.unwrap()).await;
    served.stop();
    city
}

fn files(folder: &Path, found: &mut Vec<std::path::PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { files(&path, found) } else { found.push(path) }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_healthy_city_and_a_lost_photo() {
    let folder = tempfile::tempdir().unwrap();
    let city = with_a_photo(folder.path()).await;
    assert_eq!(complaints(&city, 0), [""; 0]);
    let mut photos = Vec::new();
    files(&folder.path().join("media"), &mut photos);
    assert_eq!(photos.len(), 1);
    // A photo whose request never came to be: an old file that nothing names.
    let orphan = std::fs::File::create(folder.path().join("media/1.jpg")).unwrap();
    orphan.set_modified(std::time::UNIX_EPOCH + std::time::Duration::from_secs(1_700_000_000)).unwrap();
    let said = String::from_utf8(city.output(&["doctor"]).stdout).unwrap();
    assert!(said.contains("NOTICE  photos: 1 objects in") && said.contains("1.jpg") && said.contains("Nothing is wrong."), "{said}");
    std::fs::remove_file(&photos[0]).unwrap();
    let bad = complaints(&city, 1);
    assert!(bad.len() == 1 && bad[0].starts_with("photos: 1 of 1 are not in"), "{bad:?}");
    let said = String::from_utf8(city.output(&["doctor"]).stdout).unwrap();
    assert!(said.contains("WRONG   photos") && said.contains("→") && said.trim_end().ends_with("1 thing is wrong."), "{said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_damaged_file_is_seen() {
    let folder = tempfile::tempdir().unwrap();
    let city = with_a_photo(folder.path()).await;
    let path = folder.path().join("city.db");
    let mut bytes = std::fs::read(&path).unwrap();
    // The header stays, so that the file still opens; pages behind it are torn.
    for page in (20..bytes.len() / 4096).step_by(2) {
        bytes[page * 4096..page * 4096 + 512].fill(0xa5);
    }
    std::fs::write(&path, bytes).unwrap();
    let bad = complaints(&city, 1);
    assert!(bad.iter().any(|what| what.starts_with("integrity: ") || what.contains("malformed")), "{bad:?}");
}

#[test]
fn what_is_not_there_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let city = Program::in_folder(folder.path());
    let bad = complaints(&city, 1);
    assert!(bad.len() == 1 && bad[0].starts_with("database: there is none at"), "{bad:?}");
    std::fs::write(folder.path().join("city.db"), b"").unwrap();
    let bad = complaints(&city, 1);
    assert!(bad.len() == 1 && bad[0].starts_with("tables: "), "{bad:?}");
    std::fs::write(folder.path().join("city.db"), b"this is no database, but a text of some length that somebody saved here by mistake").unwrap();
    assert!(complaints(&city, 1).iter().any(|what| what.starts_with("database: ") || what.starts_with("integrity: ")));
}
