//! Looks an installation over: what is wrong, and how to mend it. It changes nothing, unless told to.

mod catalogs;
mod machine;
mod photos;
mod work;

use db::Db;
use kernel::Clock;
use requests::PhotoStore;
use serde::Serialize;
use staff::Jurisdiction;

use crate::app::open_database;
use crate::settings::Settings;

/// How a thing stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// As it should be.
    Ok,
    /// Works, but somebody should know.
    Notice,
    /// Does not work, or soon will not.
    Wrong,
}

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What was looked at, in a word or two.
    pub check: &'static str,
    /// How it stands.
    pub state: State,
    /// What was found, in a sentence without personal data.
    pub what: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mend: Option<String>,
}

/// All that was found, in order.
#[derive(Default)]
struct Report(Vec<Finding>);

impl Report {
    fn ok(&mut self, check: &'static str, what: impl Into<String>) {
        self.0.push(Finding { check, state: State::Ok, what: what.into(), mend: None });
    }

    fn notice(&mut self, check: &'static str, what: impl Into<String>, mend: impl Into<String>) {
        self.0.push(Finding { check, state: State::Notice, what: what.into(), mend: Some(mend.into()) });
    }

    fn wrong(&mut self, check: &'static str, what: impl Into<String>, mend: impl Into<String>) {
        self.0.push(Finding { check, state: State::Wrong, what: what.into(), mend: Some(mend.into()) });
    }

    /// Adds a finding of its own for each jurisdiction only where something is not well.
    fn bad(&self, check: &str) -> bool {
        self.0.iter().any(|finding| finding.check == check && finding.state != State::Ok)
    }
}

/// What the checks look at.
struct Patient<'a> {
    settings: &'a Settings,
    db: &'a Db,
    clock: &'a Clock,
    jurisdictions: &'a [Jurisdiction],
}

/// Looks over the installation of these settings. With `quick` photos are not looked for one by one; with `retry_jobs`
/// the jobs that gave up are put back into the queue.
pub async fn examine(settings: &Settings, quick: bool, retry_jobs: bool) -> Vec<Finding> {
    let mut report = Report::default();
    let clock = Clock::system();
    machine::disk(settings, &mut report);
    machine::permissions(settings, &mut report);
    let Some(db) = reach(settings, &mut report).await else { return report.0 };
    machine::integrity(&db, &mut report).await;
    machine::durability(&db, &mut report).await;
    if tables(&db, &mut report).await {
        match staff::jurisdictions(db.read()).await {
            Ok(jurisdictions) => {
                let patient = Patient { settings, db: &db, clock: &clock, jurisdictions: &jurisdictions };
                catalogs::jurisdictions(&patient, &mut report);
                machine::clock(&patient, &mut report);
                work::jobs(&patient, retry_jobs, &mut report).await;
                work::followers(&patient, &mut report).await;
                catalogs::catalogs(&patient, &mut report).await;
                catalogs::boundaries(&patient, &mut report).await;
                catalogs::api_keys(&patient, &mut report).await;
                match PhotoStore::from_url(&settings.media) {
                    Ok(store) if !quick => photos::photos(&patient, &store, &mut report).await,
                    Ok(_) => {}
                    Err(error) => report.wrong("photos", error.to_string(), "correct the setting media, or make its place reachable"),
                }
            }
            Err(error) => report.wrong("jurisdictions", format!("they cannot be read: {error}"), "restore the last backup into a new database and compare"),
        }
    }
    if let Err(error) = db.close().await {
        report.wrong("database", format!("it cannot be closed well: {error}"), "look at the machine's own log for faults of the disk");
    }
    report.0
}

async fn reach(settings: &Settings, report: &mut Report) -> Option<Db> {
    let shown = settings.database_shown();
    match db::dialect::Address::parse(&settings.database) {
        Ok(db::dialect::Address::Sqlite(path)) if !path.is_file() => {
            report.wrong("database", format!("there is none at {}", path.display()), "name it with --database, or begin with `cityhall jurisdiction create`");
            return None;
        }
        _ => {}
    }
    match open_database(settings).await {
        Ok(db) => {
            report.ok("database", format!("{shown} answers ({})", db.engine().name()));
            Some(db)
        }
        Err(error) => {
            report.wrong(
                "database",
                format!("{shown} does not answer: {error}"),
                "check the address, the password and that the server runs; a damaged file: restore the last backup",
            );
            None
        }
    }
}

/// Whether the tables can be used.
async fn tables(db: &Db, report: &mut Report) -> bool {
    match db.pending(&crate::migrations()).await {
        Ok(waiting) if waiting.is_empty() => {}
        Ok(waiting) => {
            report.wrong("tables", format!("{} steps have not run: {}", waiting.len(), waiting.join(", ")), "run `cityhall migrate`");
            return false;
        }
        Err(error) => {
            report.wrong("tables", error.to_string(), "use the version of Cityhall that last served this database, or a newer one");
            return false;
        }
    }
    let ours = match crate::archive::tables(&crate::migrations()) {
        Ok(ours) => ours,
        Err(reason) => {
            report.wrong("tables", reason, "report this as a fault of Cityhall");
            return false;
        }
    };
    match crate::archive::differences(db.read(), &ours).await {
        Ok(found) if found.is_empty() => {
            report.ok("tables", format!("{} tables are there and up to date", ours.len()));
            true
        }
        Ok(found) => {
            for what in found {
                report.wrong("tables", what, "restore the last backup into a new database");
            }
            false
        }
        Err(error) => {
            report.wrong("tables", error.to_string(), "check the database server");
            false
        }
    }
}
