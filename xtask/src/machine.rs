//! What the checks need of the machine, and how to get it when it is missing.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::process::{cache, cargo, clean, find, output, root, succeed};

/// The release of cargo-deny that is installed when none is found.
const CARGO_DENY: &str = "0.20.2";

/// `three` was written for Python 2; of what it needs, this one name is all that Python 3 lacks.
const THREE_ON_PYTHON_3: &str = "import itertools; itertools.ifilter = filter\n";

/// Whether this program runs as root.
pub fn is_root() -> bool {
    output(Command::new("id").arg("-u")).is_ok_and(|id| id == "0")
}

/// The folder with PostgreSQL's server programs, installed if need be.
pub fn postgres() -> Result<PathBuf, String> {
    if let Some(found) = postgres_programs() {
        return Ok(found);
    }
    apt(&["postgresql"], "a PostgreSQL server (the programs `initdb` and `postgres`)")?;
    postgres_programs().ok_or_else(|| "PostgreSQL was installed, but neither PATH nor /usr/lib/postgresql/*/bin has `initdb` and `postgres`".to_owned())
}

/// The same where it is installed.
pub fn postgres_programs() -> Option<PathBuf> {
    let whole = |folder: &Path| folder.join("initdb").is_file() && folder.join("postgres").is_file();
    // Distributions keep each release in a folder of its own: take the newest.
    let mut releases: Vec<(u32, PathBuf)> = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| Some((entry.file_name().to_str()?.parse().ok()?, entry.path().join("bin"))))
        .filter(|(_, folder)| whole(folder))
        .collect();
    releases.sort();
    releases.pop().map(|(_, folder)| folder).or_else(|| find("initdb")?.parent().filter(|folder| whole(folder)).map(Path::to_path_buf))
}

/// A Python whose packages are those of `xtask/python-requirements.txt`: clients of our interfaces that others wrote.
pub fn python() -> Result<PathBuf, String> {
    if let Some(ready) = python_if_ready() {
        return Ok(ready);
    }
    if !Command::new("python3").args(["-c", "import venv, ensurepip"]).output().is_ok_and(|answer| answer.status.success()) {
        apt(&["python3", "python3-venv"], "Python 3 with its module `venv`")?;
    }
    let folder = environment()?;
    if folder.exists() {
        std::fs::remove_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    }
    let python = folder.join("bin/python");
    succeed(clean("python3").args(["-m", "venv"]).arg(&folder), "Python makes an environment of its own")?;
    let requirements = root().join("xtask/python-requirements.txt");
    succeed(
        clean(&python).args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement"]).arg(requirements),
        "the foreign Open311 clients are installed",
    )?;
    let packages = output(clean(&python).args(["-c", "import sysconfig; print(sysconfig.get_path('purelib'))"]))?;
    write(&Path::new(&packages).join("three_on_python_3.pth"), THREE_ON_PYTHON_3)?;
    output(clean(&python).args(["-c", "import three, georeport, requests"]))?;
    write(&folder.join("ready"), "")?;
    Ok(python)
}

/// The same when it was made before.
pub fn python_if_ready() -> Option<PathBuf> {
    let folder = environment().ok()?;
    folder.join("ready").is_file().then(|| folder.join("bin/python"))
}

/// One folder for each content of the requirements and each Python.
fn environment() -> Result<PathBuf, String> {
    let path = root().join("xtask/python-requirements.txt");
    let wanted = std::fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    let version = output(Command::new("python3").arg("--version")).unwrap_or_default();
    Ok(cache().join(format!("python-{:016x}", fingerprint(&format!("{version}\n{wanted}\n{THREE_ON_PYTHON_3}")))))
}

/// FNV-1a.
fn fingerprint(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

/// The program cargo-deny, built into the cache if need be (some minutes, once).
pub fn cargo_deny() -> Result<PathBuf, String> {
    if let Some(found) = find("cargo-deny") {
        return Ok(found);
    }
    let tools = cache().join("tools");
    let program = tools.join("bin/cargo-deny");
    if !program.is_file() {
        let build = cache().join("tools-build");
        succeed(
            cargo().args(["install", "--locked", "--quiet", "cargo-deny", "--version", CARGO_DENY, "--root"]).arg(&tools).env("CARGO_TARGET_DIR", &build),
            "cargo-deny is installed",
        )?;
        let _ = std::fs::remove_dir_all(build);
    }
    Ok(program)
}

/// Whether cargo-nextest is there. It is a convenience: without it `cargo test` runs the same tests.
pub fn has_nextest() -> bool {
    output(cargo().args(["nextest", "--version"])).is_ok()
}

/// Installs packages on Debian and its kin; elsewhere says what to install.
fn apt(packages: &[&str], what: &str) -> Result<(), String> {
    if find("apt-get").is_none() {
        return Err(format!("this machine lacks {what}: please install it with your system's package manager and put it in PATH"));
    }
    println!("This machine lacks {what}: installing {}.", packages.join(" "));
    let apt = |words: &[&str]| {
        let mut command = if is_root() { clean("apt-get") } else { clean("sudo") };
        if !is_root() {
            command.args(["DEBIAN_FRONTEND=noninteractive", "apt-get"]);
        }
        command.env("DEBIAN_FRONTEND", "noninteractive").args(words);
        succeed(&mut command, &format!("{what} is installed"))
    };
    apt(&["update", "-qq"])?;
    apt(&[&["install", "-y", "-qq", "--no-install-recommends"], packages].concat())
}

fn write(path: &Path, text: &str) -> Result<(), String> {
    std::fs::write(path, text).map_err(|error| format!("{}: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::fingerprint;

    #[test]
    fn another_text_has_another_fingerprint() {
        assert_eq!(fingerprint(""), 0xcbf2_9ce4_8422_2325);
        assert_eq!(fingerprint("a"), 0xaf63_dc4c_8601_ec8c, "the published value of FNV-1a");
        assert_ne!(fingerprint("three==0.8.0"), fingerprint("three==0.8.1"));
    }
}
