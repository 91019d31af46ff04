//! A throw-away PostgreSQL server for the tests. It keeps every durability setting of a real one.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::machine::is_root;
use crate::process::output;

/// Starts the server, waits for its own standard input to close, stops the server and removes its folder. The input
/// closes however this program ends, also by Ctrl-C or `kill -9`: nothing stays behind.
const KEEPER: &str = r#"
trap '' INT HUP TERM
"$1/postgres" -D "$2/data" -p "$3" -c listen_addresses=127.0.0.1 -c unix_socket_directories= \
  -c max_connections=300 -c fsync=on -c synchronous_commit=on -c shared_buffers=256MB >"$2/log" 2>&1 </dev/null &
server=$!
cat >/dev/null
kill -INT "$server" 2>/dev/null
wait "$server"
cd /
rm -rf "$2"
"#;

/// A running server; dropping it stops it.
pub struct Cluster {
    keeper: Child,
    port: u16,
    version: String,
}

impl Cluster {
    /// Makes a fresh cluster with the programs in `programs` and waits until it answers.
    pub fn start(programs: &Path) -> Result<Self, String> {
        // PostgreSQL refuses to run as root.
        let user = is_root().then(server_user).transpose()?;
        let version = output(Command::new(programs.join("postgres")).arg("--version"))?;
        let mut told = String::new();
        // Between finding a free port and taking it somebody else may take it.
        for _ in 0..3 {
            let folder = fresh_folder(user.as_deref())?;
            let mut initdb = as_user(user.as_deref(), &programs.join("initdb"))?;
            initdb.current_dir(&folder).arg("-D").arg(folder.join("data"));
            output(initdb.args(["--auth=trust", "--username=postgres", "--encoding=UTF8", "--no-locale"]))?;
            let port = free_port()?;
            let mut keeper = as_user(user.as_deref(), Path::new("/bin/sh"))?;
            keeper.current_dir(&folder).args(["-c", KEEPER, "cityhall-postgres"]).arg(programs).arg(&folder).arg(port.to_string());
            let keeper = keeper.stdin(Stdio::piped()).spawn().map_err(|error| format!("starting PostgreSQL: {error}"))?;
            let cluster = Self { keeper, port, version: version.clone() };
            match cluster.wait_until_ready(programs, &folder) {
                Ok(()) => return Ok(cluster),
                Err(log) => told = log,
            }
        }
        Err(format!("PostgreSQL does not start:\n{told}"))
    }

    /// The address of the server's own database, for `CITYHALL_TEST_POSTGRES`.
    pub fn url(&self) -> String {
        format!("postgres://postgres@127.0.0.1:{}/postgres", self.port)
    }

    /// Such as `postgres (PostgreSQL) 15.18`.
    pub fn version(&self) -> &str {
        &self.version
    }

    fn wait_until_ready(&self, programs: &Path, folder: &Path) -> Result<(), String> {
        let until = Instant::now() + Duration::from_secs(60);
        let port = self.port.to_string();
        let log = || std::fs::read_to_string(folder.join("log")).unwrap_or_default();
        while Instant::now() < until {
            let asked = Command::new(programs.join("pg_isready")).args(["-q", "-h", "127.0.0.1", "-p", &port, "-U", "postgres"]).status();
            if asked.is_ok_and(|status| status.success()) {
                return Ok(());
            }
            if log().contains("database system is shut down") {
                break;
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        Err(log())
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        drop(self.keeper.stdin.take());
        let _ = self.keeper.wait();
    }
}

/// A user that is not root: the one that PostgreSQL's package makes, or the one that owns nothing.
fn server_user() -> Result<String, String> {
    ["postgres", "nobody"]
        .into_iter()
        .find(|user| output(Command::new("id").args(["-u", user])).is_ok())
        .map(str::to_owned)
        .ok_or_else(|| "PostgreSQL refuses to run as root, and there is neither a user `postgres` nor `nobody`".to_owned())
}

/// An empty folder that the server's user owns.
fn fresh_folder(user: Option<&str>) -> Result<PathBuf, String> {
    let folder = std::env::temp_dir().join(format!("cityhall-postgres-{}", std::process::id()));
    std::fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    if let Some(user) = user {
        output(Command::new("chown").arg(user).arg(&folder))?;
    }
    Ok(folder)
}

/// `setpriv` becomes the program instead of standing in between, so that signals and standard input reach it.
fn as_user(user: Option<&str>, program: &Path) -> Result<Command, String> {
    let Some(user) = user else {
        return Ok(Command::new(program));
    };
    let group = output(Command::new("id").args(["-g", user]))?;
    let mut command = Command::new("setpriv");
    command.args(["--reuid", user, "--regid", &group, "--clear-groups", "--"]).arg(program);
    Ok(command)
}

fn free_port() -> Result<u16, String> {
    let socket = TcpListener::bind("127.0.0.1:0").map_err(|error| format!("no free port: {error}"))?;
    socket.local_addr().map(|address| address.port()).map_err(|error| format!("no free port: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_starts_answers_and_leaves_nothing_behind() {
        let Some(programs) = crate::machine::postgres_programs() else {
            println!("skipped: PostgreSQL is not installed");
            return;
        };
        let cluster = Cluster::start(&programs).unwrap();
        assert!(cluster.version().contains("PostgreSQL") && cluster.url().starts_with("postgres://postgres@127.0.0.1:"));
        let port = cluster.port;
        assert!(std::net::TcpStream::connect(("127.0.0.1", port)).is_ok());
        drop(cluster);
        assert!(std::net::TcpStream::connect(("127.0.0.1", port)).is_err());
        assert!(!std::env::temp_dir().join(format!("cityhall-postgres-{}", std::process::id())).exists());
    }
}
