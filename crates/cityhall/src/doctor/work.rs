//! Work that waits: jobs that gave up or that nobody does, followers that fall behind.

use futures::FutureExt as _;

use super::{Patient, Report};

/// Jobs that are due this long should have been done.
const OVERDUE_MS: i64 = 10 * 60 * 1000;
/// A follower that is so far behind has stopped.
const BEHIND_MS: i64 = 10 * 60 * 1000;
/// Of the jobs that gave up so many are told one by one.
const TOLD: u32 = 5;
/// So many are put back at once.
const RETRIED: u32 = 10_000;

/// Jobs.
pub(super) async fn jobs(patient: &Patient<'_>, retry: bool, report: &mut Report) {
    let depths = match jobs::depth(patient.db.read()).await {
        Ok(depths) => depths,
        Err(error) => return report.wrong("jobs", format!("the queue cannot be read: {error}"), "check the database"),
    };
    let now = patient.clock.now();
    for depth in &depths {
        let late = depth.first_due_at.map_or(0, |due| now.millis() - due.millis());
        if depth.state == jobs::State::Ready && late > OVERDUE_MS {
            let what = format!("{} jobs of kind {} wait, the first for {} minutes", depth.count, depth.kind, late / 60_000);
            report.wrong("jobs", what, "run `cityhall serve` with the setting workers above 0, on a version that knows this kind");
        }
    }
    for jurisdiction in patient.jurisdictions {
        let gave_up = jobs::Filter { state: Some(jobs::State::GaveUp), kind: None };
        match jobs::list(patient.db.read(), jurisdiction.id, &gave_up, if retry { RETRIED } else { TOLD }).await {
            Ok(given_up) if retry => {
                let (count, now) = (given_up.len(), patient.clock.now());
                let put_back = patient
                    .db
                    .write(move |tx| {
                        async move {
                            for job in given_up {
                                jobs::retry(tx, job.jurisdiction, job.id, now).await?;
                            }
                            Ok::<_, db::DbError>(())
                        }
                        .boxed()
                    })
                    .await;
                match put_back {
                    Ok(()) if count > 0 => report.ok("jobs", format!("{count} jobs of {} that had given up are in the queue again", jurisdiction.code)),
                    Ok(()) => {}
                    Err(error) => report.wrong("jobs", format!("they cannot be put back: {error}"), "check the database"),
                }
            }
            Ok(given_up) => {
                for job in given_up {
                    let why = job.last_error.unwrap_or_else(|| "no reason was kept".to_owned());
                    let what = format!("job {} ({}) of {} gave up after {} attempts: {why}", job.id, job.kind, jurisdiction.code, job.attempts);
                    report.wrong("jobs", what, "mend the cause, then run `cityhall doctor --retry-jobs`");
                }
            }
            Err(error) => report.wrong("jobs", format!("those of {} cannot be read: {error}", jurisdiction.code), "check the database"),
        }
    }
    if !report.bad("jobs") {
        let waiting: u64 = depths.iter().filter(|d| d.state == jobs::State::Ready).map(|d| d.count).sum();
        report.ok("jobs", format!("{waiting} wait, none gave up"));
    }
}

/// Followers of the event log.
pub(super) async fn followers(patient: &Patient<'_>, report: &mut Report) {
    let lags = match events::lag(patient.db).await {
        Ok(lags) => lags,
        Err(error) => return report.wrong("followers", format!("their positions cannot be read: {error}"), "check the database"),
    };
    let now = patient.clock.now();
    for lag in &lags {
        let behind = lag.waiting_since.map_or(0, |since| now.millis() - since.millis());
        let who = format!("{} (jurisdiction {})", lag.follower, lag.jurisdiction);
        if lag.failures > 0 {
            let why = lag.last_error.clone().unwrap_or_else(|| "no reason was kept".to_owned());
            report.wrong("followers", format!("{who} failed {} times in a row: {why}", lag.failures), "mend the cause; it goes on by itself and skips nothing");
        } else if behind > BEHIND_MS {
            let what = format!("{who} is {} minutes behind, with {} events waiting", behind / 60_000, lag.waiting);
            report.wrong("followers", what, "run `cityhall serve` with the setting followers = true; on PostgreSQL look for a transaction that stays open");
        }
    }
    if !report.bad("followers") {
        report.ok("followers", format!("{} follow, none is behind", lags.len()));
    }
}
