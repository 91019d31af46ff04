//! The machine below: disk, files, clock, and how the engine keeps what it is given.

use std::path::{Path, PathBuf};

use db::Db;
use db::dialect::Address;

use super::{Patient, Report};
use crate::settings::Settings;

/// Less free space than this stops the city soon.
const FREE_WRONG: u64 = 512 * 1024 * 1024;
/// Less than this should be looked at.
const FREE_NOTICE: u64 = 4 * 1024 * 1024 * 1024;
const GIB: u64 = 1024 * 1024 * 1024;

/// The folders of this installation, with what they are for.
fn folders(settings: &Settings) -> Vec<(&'static str, PathBuf)> {
    let mut folders = Vec::new();
    if let Ok(Address::Sqlite(path)) = Address::parse(&settings.database) {
        folders.push(("the database", path.parent().map(Path::to_owned).unwrap_or_default()));
    }
    if !settings.media.contains("://") {
        folders.push(("photos", PathBuf::from(&settings.media)));
    }
    folders.push(("the search index", settings.search.clone()));
    folders
}

/// The nearest folder above `path` that exists.
fn existing(path: &Path) -> PathBuf {
    let found = path.ancestors().find(|folder| folder.is_dir());
    found.filter(|folder| !folder.as_os_str().is_empty()).map_or_else(|| PathBuf::from("."), Path::to_owned)
}

/// Free space where this installation writes.
pub(super) fn disk(settings: &Settings, report: &mut Report) {
    let mut least: Option<u64> = None;
    for (what, folder) in folders(settings) {
        let folder = existing(&folder);
        match rustix::fs::statvfs(&folder) {
            Ok(about) => {
                let free = about.f_bavail.saturating_mul(about.f_frsize);
                least = Some(least.map_or(free, |least| least.min(free)));
                let said = format!("{:.1} GiB are free for {what} ({})", tenths(free), folder.display());
                if free < FREE_WRONG {
                    report.wrong("disk", said, "make room now: a full disk stops intake");
                } else if free < FREE_NOTICE {
                    report.notice("disk", said, "make room before it is full");
                }
            }
            Err(error) => report.wrong(
                "disk",
                format!("the folder {} for {what} cannot be looked at: {error}", folder.display()),
                "check that its disk is mounted and may be read",
            ),
        }
    }
    if let Some(least) = least.filter(|_| !report.bad("disk")) {
        report.ok("disk", format!("{:.1} GiB are free", tenths(least)));
    }
}

#[expect(clippy::cast_precision_loss, reason = "a size for people")]
fn tenths(bytes: u64) -> f64 {
    bytes as f64 / GIB as f64
}

/// Whether others on this machine can read residents' contacts.
pub(super) fn permissions(settings: &Settings, report: &mut Report) {
    let Ok(Address::Sqlite(path)) = Address::parse(&settings.database) else { return };
    let Ok(about) = std::fs::metadata(&path) else { return };
    let mode = std::os::unix::fs::PermissionsExt::mode(&about.permissions());
    let folder_open = path
        .parent()
        .map(existing)
        .and_then(|folder| std::fs::metadata(folder).ok())
        .is_none_or(|folder| std::os::unix::fs::PermissionsExt::mode(&folder.permissions()) & 0o001 != 0);
    if mode & 0o004 != 0 && folder_open {
        report.notice(
            "permissions",
            format!("every user of this machine can read {}, which holds residents' contacts", path.display()),
            format!("chmod o-rwx {}", path.display()),
        );
    }
}

/// What the engine says of its own file.
pub(super) async fn integrity(db: &Db, report: &mut Report) {
    let Some(question) = db.engine().integrity_check() else { return };
    match db::sql::one_raw(db.read(), question, []).await.map(|row| row.and_then(|row| row.try_get_by_index::<String>(0).ok())) {
        Ok(Some(answer)) if answer == "ok" => report.ok("integrity", "the database file is sound"),
        Ok(answer) => {
            let answer = answer.unwrap_or_else(|| "no answer".to_owned());
            report.wrong(
                "integrity",
                format!("the database file is damaged: {answer}"),
                "stop the server, keep a copy of the file, and restore the last backup into a new one",
            );
        }
        Err(error) => report.wrong(
            "integrity",
            format!("the database file cannot be checked: {error}"),
            "stop the server, keep a copy of the file, and restore the last backup into a new one",
        ),
    }
}

/// Whether a commit survives a power cut.
pub(super) async fn durability(db: &Db, report: &mut Report) {
    let (question, weak, name) = db.engine().durability();
    match db::sql::one_raw(db.read(), question, []).await.map(|row| row.and_then(|row| row.try_get_by_index::<String>(0).ok())) {
        Ok(Some(answer)) if !weak.contains(&answer.as_str()) => report.ok("durability", format!("{name} is {answer}")),
        Ok(answer) => {
            let answer = answer.unwrap_or_else(|| "unknown".to_owned());
            report.wrong(
                "durability",
                format!("{name} is {answer}: what was acknowledged may be lost in a power cut"),
                format!("set {name} back to the engine's safe value"),
            );
        }
        Err(error) => report.wrong("durability", format!("{name} cannot be read: {error}"), "check the database"),
    }
}

/// Whether the machine's clock can be right, and its time zones are known.
pub(super) fn clock(patient: &Patient<'_>, report: &mut Report) {
    let now = patient.clock.now();
    match patient.jurisdictions.iter().find(|j| j.created_at > now) {
        Some(later) => report.wrong(
            "clock",
            format!("it shows {now}, before {} was created here", later.code),
            "set the machine's clock (and keep it by NTP): due dates come from it",
        ),
        None => report.ok("clock", format!("it shows {now}")),
    }
    for jurisdiction in patient.jurisdictions {
        if jiff::tz::TimeZone::get(&jurisdiction.timezone).is_err() {
            let what = format!("the time zone {} of {} is not known on this machine", jurisdiction.timezone, jurisdiction.code);
            report.wrong("time zones", what, "install the time zone data (package tzdata)");
        }
    }
    if !report.bad("time zones") {
        report.ok("time zones", "all are known");
    }
}
