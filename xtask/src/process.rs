//! Running other programs: from the root of the workspace, with what they print shown as it comes.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// The root of the workspace.
pub fn root() -> PathBuf {
    let here = std::env::var_os("CARGO_MANIFEST_DIR").map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
    here.parent().map_or_else(|| here.clone(), Path::to_path_buf)
}

/// A command at the root. What `cargo run` set for this program is taken away, so that it is not taken for the child's.
pub fn clean(program: impl AsRef<std::ffi::OsStr>) -> Command {
    let mut command = Command::new(program);
    command.current_dir(root());
    for (name, _) in std::env::vars_os() {
        if name.to_str().is_some_and(|name| name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_")) {
            command.env_remove(name);
        }
    }
    command
}

/// The cargo that runs this program.
pub fn cargo() -> Command {
    clean(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
}

/// A command as its user would type it.
pub fn shown(command: &Command) -> String {
    let program = Path::new(command.get_program()).file_name().unwrap_or(command.get_program()).to_string_lossy().into_owned();
    std::iter::once(program).chain(command.get_args().map(|word| word.to_string_lossy().into_owned())).collect::<Vec<_>>().join(" ")
}

/// Runs the command; `should` says what holds when it succeeds.
pub fn succeed(command: &mut Command, should: &str) -> Result<(), String> {
    println!("$ {}", shown(command));
    let status = command.stdin(Stdio::null()).status().map_err(|error| format!("{}: {error}", shown(command)))?;
    if status.success() { Ok(()) } else { Err(format!("not so: {should}\n  `{}` ended with {status}", shown(command))) }
}

/// What the command prints, trimmed; its standard error is part of the message when it fails.
pub fn output(command: &mut Command) -> Result<String, String> {
    let answer = command.stdin(Stdio::null()).output().map_err(|error| format!("{}: {error}", shown(command)))?;
    if answer.status.success() {
        Ok(String::from_utf8_lossy(&answer.stdout).trim().to_owned())
    } else {
        Err(format!("`{}` ended with {}\n{}", shown(command), answer.status, String::from_utf8_lossy(&answer.stderr).trim()))
    }
}

/// Whether the command, unseen, succeeds within `limit`. After that it is ended.
pub fn within(command: &mut Command, limit: Duration) -> bool {
    let Ok(mut child) = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn() else {
        return false;
    };
    let until = Instant::now() + limit;
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return status.success(),
            Ok(None) if Instant::now() < until => std::thread::sleep(Duration::from_millis(100)),
            _ => {
                let _ = child.kill();
                let _ = child.wait();
                return false;
            }
        }
    }
}

/// Where `PATH` leads to `name`.
pub fn find(name: &str) -> Option<PathBuf> {
    std::env::split_paths(&std::env::var_os("PATH")?).map(|folder| folder.join(name)).find(|file| file.is_file())
}

/// Where installed tools, the Python environment and, in CI, build results are kept between runs.
pub fn cache() -> PathBuf {
    let base = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from).or_else(|| std::env::var_os("HOME").map(|home| Path::new(&home).join(".cache")));
    base.unwrap_or_else(|| root().join("target")).join("cityhall-ci")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_shown_as_typed() {
        assert_eq!(shown(Command::new("/usr/bin/cargo").args(["fmt", "--all"])), "cargo fmt --all");
    }

    #[test]
    fn what_fails_says_what_should_hold() {
        let wrong = succeed(&mut Command::new("false"), "black is white").unwrap_err();
        assert!(wrong.contains("not so: black is white"), "{wrong}");
        assert!(succeed(&mut Command::new("no-such-program-here"), "x").unwrap_err().contains("no-such-program-here"));
    }

    #[test]
    fn what_takes_too_long_is_ended() {
        let from = Instant::now();
        assert!(!within(Command::new("sleep").arg("30"), Duration::from_millis(200)));
        assert!(from.elapsed() < Duration::from_secs(10));
        assert!(within(&mut Command::new("true"), Duration::from_secs(10)));
    }
}
