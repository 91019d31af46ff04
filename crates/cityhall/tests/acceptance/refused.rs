//! Wrong calls of the program: one clear sentence on standard error, and the right exit status.

use crate::program::Program;

#[test]
fn settings_that_do_not_exist_or_fit_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let city = Program::in_folder(folder.path());
    let said = |output: std::process::Output| {
        assert_eq!(output.status.code(), Some(2));
        String::from_utf8(output.stderr).unwrap()
    };
    let by_environment = said(city.command(&["jurisdiction", "list"]).env("CITYHALL_LISTN", "127.0.0.1:1").output().unwrap());
    assert!(by_environment.contains("there is no setting \"CITYHALL_LISTN\" (did you mean \"listen\"?)"), "{by_environment}");
    let by_flag = said(city.output(&["serve", "--listen", "nowhere"]));
    assert!(by_flag.contains("command line: listen must be an address and a port"), "{by_flag}");
    city.file("cityhall.toml", "worker = 4\n");
    let by_file = said(city.output(&["jurisdiction", "list"]));
    assert!(by_file.contains("cityhall.toml: there is no setting \"worker\" (did you mean \"workers\"?)"), "{by_file}");
    city.file("cityhall.toml", "workers = 400\n");
    assert!(said(city.output(&["serve"])).contains("workers must be a whole number from 0 to 64"));
    city.file("cityhall.toml", "workers =\n");
    assert!(said(city.output(&["serve"])).contains("not valid TOML"));
    let other = city.file("other.toml", "log_format = \"xml\"\n");
    assert!(said(city.output(&["serve", "--config", &other])).contains("log_format must be text or json"));
}

#[test]
fn the_tests_own_variables_are_passed_over() {
    let folder = tempfile::tempdir().unwrap();
    let city = Program::in_folder(folder.path());
    let made = city.command(&["migrate"]).env("CITYHALL_TEST_POSTGRES", "x").env("CITYHALL_REAL_DATA", "/nowhere").output().unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
}

#[test]
fn what_is_missing_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let city = Program::in_folder(folder.path());
    let said = city.refuses(1, &["api-key", "create", "--name", "x"]);
    assert!(said.contains("there is no database at") && !folder.path().join("city.db").exists(), "{said}");
    city.run(&["migrate"]);
    let said = city.refuses(1, &["api-key", "create", "--name", "x"]);
    assert!(said.contains("there is no jurisdiction yet"), "{said}");
    for code in ["alderfalls.example", "millbrook.example"] {
        city.run(&["jurisdiction", "create", "--code", code, "--name", code, "--timezone", "America/Chicago"]);
    }
    let said = city.refuses(2, &["api-key", "create", "--name", "x"]);
    assert!(said.contains("add --jurisdiction with one of alderfalls.example, millbrook.example"), "{said}");
    let said = city.refuses(1, &["api-key", "create", "--name", "x", "--jurisdiction", "elsewhere"]);
    assert!(said.contains("there is no jurisdiction \"elsewhere\""), "{said}");
    let said = city.refuses(1, &["jurisdiction", "create", "--code", "a", "--name", "A", "--timezone", "Mars/Olympus"]);
    assert!(said.contains("timezone must be a name of the IANA time zone database"), "{said}");
    let said = city.refuses(2, &["import", "requests", "--map", "atlantis", "--jurisdiction", "alderfalls.example", "x.csv"]);
    assert!(said.contains("there is no map \"atlantis\"") && said.contains("kansas-city"), "{said}");
    let said = city.refuses(1, &["import", "addresses", "--jurisdiction", "alderfalls.example", "gone.csv"]);
    assert!(said.contains("cannot read gone.csv"), "{said}");
    let said = city.refuses(1, &["serve", "--database", "postgres://nobody:s3cret@127.0.0.1:1/none"]);
    assert!(said.contains("postgres://nobody@127.0.0.1:1/none") && !said.contains("s3cret"), "{said}");
    let said = city.refuses(2, &["import", "boundaries", "--layer", "x", "--name-field", "y", "--from", "2020-01-02", "--until", "2020-01-01", "z"]);
    assert!(said.contains("--until 2020-01-01 is before --from 2020-01-02"), "{said}");
    city.refuses(2, &["fly"]);
}

#[test]
fn rows_that_cannot_be_used_stand_in_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let city = Program::in_folder(folder.path());
    city.begin();
    let rows = "LON,LAT,NUMBER,STREET,UNIT,CITY,DISTRICT,REGION,POSTCODE,ID,HASH\n-93.7,41.6,1,Mill St,,Alder Falls,,IA,50301,A1,\n-93.7,941.6,2,\"Mill \"\"Old\"\" St\",,Alder Falls,,IA,50301,A2,\n";
    let file = city.file("addresses.csv", rows);
    let summary = city.import(&["addresses", &file]);
    assert_eq!((summary["imported"].as_u64(), summary["rejected"].as_u64()), (Some(1), Some(1)), "{summary}");
    let rejects = std::fs::read_to_string(folder.path().join(summary["rejects_file"].as_str().unwrap())).unwrap();
    let rows: Vec<csv::StringRecord> = csv::Reader::from_reader(rejects.as_bytes()).records().map(Result::unwrap).collect();
    assert_eq!((rows.len(), &rows[0][0]), (1, "3"), "{rejects}");
    assert!(rows[0][2].contains("941.6"), "{rejects}");
}

#[test]
fn help_teaches_each_command_by_an_example() {
    let folder = tempfile::tempdir().unwrap();
    let city = Program::in_folder(folder.path());
    let commands = [
        "",
        "serve",
        "migrate",
        "jurisdiction create",
        "import boundaries",
        "import addresses",
        "import streets",
        "import zones",
        "import assets",
        "import catalog",
        "import requests",
        "export catalog",
        "export requests",
        "api-key create",
        "api-key revoke",
        "backup",
        "restore",
        "doctor",
        "bench",
        "demo",
    ];
    for command in commands {
        let words: Vec<&str> = command.split_whitespace().chain(["--help"]).collect();
        let help = city.run(&words);
        assert!(help.contains("cityhall ") && (command.is_empty() || help.contains(&format!("cityhall {command}"))), "{command}: {help}");
        assert!(help.contains("Example") || command.is_empty(), "{command}: {help}");
    }
    assert_eq!(city.run(&["--version"]), format!("cityhall {}\n", env!("CARGO_PKG_VERSION")));
}
