//! Clients that others wrote, talking to the running server.

use std::process::Command;

use crate::program::{Program, history};

/// Names the environment variable with a Python that has the packages of `xtask/python-requirements.txt`.
const PYTHON: &str = "CITYHALL_TEST_PYTHON";

#[test]
fn three_discovers_posts_reads_back_and_lists() {
    let Ok(python) = std::env::var(PYTHON) else {
        eprintln!("skipped: {PYTHON} is not set");
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let city = Program::in_folder(folder.path());
    city.begin();
    let requests = city.file("requests.csv", history(200));
    city.run(&["import", "requests", "--map", "alder-falls", &requests]);
    let key = city.key(&["--may-close"]);
    let photo = city.file("photo.jpg", crate::program::jpeg());
    let served = city.serve(&[]);
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/acceptance/three_client.py");
    let output = Command::new(python).args([script, &served.base, &key, &photo]).output().expect("Python starts");
    let (said, wrong) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{said}\n{wrong}");
    assert!(said.trim_end().ends_with("three: all is well"), "{said}\n{wrong}");
    served.stop();
}

#[test]
fn georeport_reads_the_same_over_json_and_xml() {
    let Ok(python) = std::env::var(PYTHON) else {
        eprintln!("skipped: {PYTHON} is not set");
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let city = Program::in_folder(folder.path());
    city.begin();
    let requests = city.file("requests.csv", history(200));
    city.run(&["import", "requests", "--map", "alder-falls", &requests]);
    let served = city.serve(&[]);
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/acceptance/georeport_client.py");
    let output = Command::new(python).args([script, &served.base]).output().expect("Python starts");
    let (said, wrong) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{said}\n{wrong}");
    assert!(said.trim_end().ends_with("georeport: all is well"), "{said}\n{wrong}");
    served.stop();
}
