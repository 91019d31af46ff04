//! Runs the built program as people and scripts do.

use std::io::{BufRead as _, BufReader, Read as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use futures::FutureExt as _;
use testkit::alder_falls;

/// An installation in a folder: the program is run in it, on its database.
pub struct Program {
    pub folder: PathBuf,
    pub database: String,
}

impl Program {
    /// On this database.
    pub fn on(folder: &Path, database: &str) -> Self {
        Self { folder: folder.to_owned(), database: database.to_owned() }
    }

    /// On an SQLite file of its own in `folder`.
    pub fn in_folder(folder: &Path) -> Self {
        Self::on(folder, &format!("sqlite:{}", folder.join("city.db").display()))
    }

    /// The program with these words, in surroundings that hold nothing of this machine's settings.
    pub fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_cityhall"));
        command.current_dir(&self.folder).args(words).stdin(Stdio::null());
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("CITYHALL_") {
                command.env_remove(name);
            }
        }
        command.env("CITYHALL_DATABASE", &self.database).env("CITYHALL_MEDIA", self.folder.join("media")).env("CITYHALL_SEARCH", self.folder.join("search"));
        command
    }

    pub fn output(&self, words: &[&str]) -> Output {
        self.command(words).output().expect("the program starts")
    }

    /// Runs the program, which must succeed, and answers its standard output.
    pub fn run(&self, words: &[&str]) -> String {
        let Output { status, stdout, stderr } = self.output(words);
        assert!(status.success(), "cityhall {words:?}: {status}\n{}", String::from_utf8_lossy(&stderr));
        String::from_utf8(stdout).expect("UTF-8")
    }

    /// Runs an import with `--json` and answers its summary.
    pub fn import(&self, words: &[&str]) -> serde_json::Value {
        let words: Vec<&str> = ["import"].iter().chain(words).chain(&["--json"]).copied().collect();
        let summary: serde_json::Value = serde_json::from_str(&self.run(&words)).expect("a summary");
        let count = |name: &str| summary[name].as_u64().unwrap_or_else(|| panic!("{name} in {summary}"));
        assert_eq!(count("read"), count("imported") + count("unchanged") + count("rejected"), "{words:?}: {summary}");
        summary
    }

    /// Runs the program, which must fail with this exit status, and answers what it said on standard error.
    pub fn refuses(&self, status: i32, words: &[&str]) -> String {
        let output = self.output(words);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(status), "cityhall {words:?}\n{said}");
        assert!(output.stdout.is_empty(), "nothing for scripts to read: {}", String::from_utf8_lossy(&output.stdout));
        said
    }

    /// Creates Alder Falls and imports its catalog.
    pub fn begin(&self) {
        self.run(&["jurisdiction", "create", "--code", alder_falls::CODE, "--name", alder_falls::NAME, "--timezone", alder_falls::TIMEZONE]);
        let catalog = self.file("catalog.toml", catalog::EXAMPLE);
        self.run(&["import", "catalog", &catalog]);
    }

    /// Makes a key and answers it.
    pub fn key(&self, more: &[&str]) -> String {
        let words: Vec<&str> = ["api-key", "create", "--name", "Pothole app"].iter().chain(more).copied().collect();
        let said = self.run(&words);
        let key = said.trim_end().to_owned();
        assert_eq!(said, format!("{key}\n"), "the key stands alone on standard output");
        key
    }

    /// Writes a file into the folder and answers its path.
    pub fn file(&self, name: &str, content: impl AsRef<[u8]>) -> String {
        let path = self.folder.join(name);
        std::fs::write(&path, content).expect("the file is written");
        path.display().to_string()
    }

    pub fn serve(&self, more: &[&str]) -> Served {
        let words: Vec<&str> = ["serve", "--listen", "127.0.0.1:0"].iter().chain(more).copied().collect();
        self.start(&words)
    }

    /// Starts a command that serves, and waits until it says where.
    pub fn start(&self, words: &[&str]) -> Served {
        let mut command = self.command(words);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program starts");
        let log = Arc::new(Mutex::new(String::new()));
        let reader = {
            let (log, stderr) = (Arc::clone(&log), child.stderr.take().expect("a pipe"));
            std::thread::spawn(move || {
                for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                    let mut log = log.lock().expect("the log");
                    log.push_str(&line);
                    log.push('\n');
                }
            })
        };
        let mut line = String::new();
        let mut stdout = BufReader::new(child.stdout.take().expect("a pipe"));
        stdout.read_line(&mut line).expect("a first line");
        let base = line.trim().strip_prefix("Cityhall serves ").unwrap_or_else(|| panic!("{line:?}\n{}", log.lock().unwrap())).to_owned();
        Served { child, base, log, reader: Some(reader) }
    }
}

/// A server in a process of its own.
pub struct Served {
    child: Child,
    /// `http://127.0.0.1:PORT`.
    pub base: String,
    log: Arc<Mutex<String>>,
    reader: Option<JoinHandle<()>>,
}

impl Served {
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    /// `SIGTERM`, as a service manager stops it; it must end well. Answers its whole log.
    pub fn stop(mut self) -> String {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().expect("kill").success());
        let until = Instant::now() + Duration::from_secs(60);
        let status = loop {
            if let Some(status) = self.child.try_wait().expect("waiting") {
                break status;
            }
            assert!(Instant::now() < until, "the server did not stop");
            std::thread::sleep(Duration::from_millis(20));
        };
        self.reader.take().expect("once").join().expect("the log");
        let log = self.log.lock().expect("the log").clone();
        assert!(status.success(), "{status}\n{log}");
        log
    }

    /// `SIGKILL`: no goodbye.
    pub fn kill(mut self) {
        self.child.kill().expect("killed");
        self.child.wait().expect("gone");
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        // A test that failed leaves no server behind.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What a generated history of `rows` requests looks like.
pub fn history(rows: u64) -> Vec<u8> {
    let mut text = Vec::new();
    exchange::generated_csv(rows, 7).read_to_end(&mut text).expect("generated");
    text
}

/// The one request in an Open311 answer.
pub async fn created(answer: reqwest::Response) -> String {
    let status = answer.status();
    let body = answer.text().await.expect("a body");
    assert_eq!(status, 200, "{body}");
    let list: serde_json::Value = serde_json::from_str(&body).expect("JSON");
    list[0]["service_request_id"].as_str().unwrap_or_else(|| panic!("a number in {body}")).to_owned()
}

/// A small real picture.
pub fn jpeg() -> Vec<u8> {
    let mut out = std::io::Cursor::new(Vec::new());
    image::DynamicImage::new_rgb8(48, 32).write_to(&mut out, image::ImageFormat::Jpeg).expect("encoded");
    out.into_inner()
}

/// Every event of a jurisdiction. On PostgreSQL the newest ones show when no older transaction of the cluster is open,
/// so this waits until all that was written before the call is in sight.
pub async fn all_events(db: &db::Db, j: kernel::JurisdictionId) -> Vec<events::Event> {
    let now = db.write(|tx| async move { tx.stamp().await }.boxed()).await.expect("a stamp");
    let until = Instant::now() + Duration::from_secs(60);
    while db.stamp_horizon().await.expect("a horizon") <= now {
        assert!(Instant::now() < until, "a transaction stays open");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let (mut at, mut all) = (None, Vec::new());
    loop {
        let page = events::after(db, j, at, 500).await.expect("events");
        let Some(last) = page.last() else { return all };
        at = Some(last.position());
        all.extend(page);
    }
}
