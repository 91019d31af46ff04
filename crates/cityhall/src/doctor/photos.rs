//! Photos: whether each is in its place, and whether there are some that nothing names.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use futures::{StreamExt as _, TryStreamExt as _};
use kernel::Timestamp;
use requests::{PhotoError, PhotoStore, Requests};

use super::{Patient, Report};

/// Photos asked for at a time.
const PAGE: u64 = 500;
/// Looked for at the same time.
const AT_ONCE: usize = 16;

/// A photo is stored before its row: one that has no row after an hour will never have one.
const SETTLED_MS: i64 = 3_600_000;

/// Looks for each photo that the tables name.
pub(super) async fn photos(patient: &Patient<'_>, store: &PhotoStore, report: &mut Report) {
    // What is written while this looks is not judged: it is listed before the rows are read, and the newest are left out.
    let stored = match stored(store, patient.clock.now()).await {
        Ok(stored) => stored,
        Err(error) => {
            let what = format!("their place ({}) does not answer: {error}", patient.settings.media);
            return report.wrong("photos", what, "check the setting media and the credentials");
        }
    };
    let (mut named, mut there, mut missing) = (HashSet::new(), 0_u64, Vec::new());
    for jurisdiction in patient.jurisdictions {
        let mut after = None;
        loop {
            let page = match Requests::photos_after(patient.db, jurisdiction, after, PAGE).await {
                Ok(page) => page,
                Err(error) => return report.wrong("photos", format!("their list cannot be read: {error}"), "check the database"),
            };
            let Some(last) = page.last() else { break };
            after = Some(last.id);
            named.extend(page.iter().map(|photo| fingerprint(&photo.object)));
            let looked =
                futures::stream::iter(page.into_iter().map(|photo| async move { Ok::<_, requests::PhotoError>((store.has(&photo.object).await?, photo)) }));
            match looked.buffer_unordered(AT_ONCE).try_collect::<Vec<_>>().await {
                Ok(found) => {
                    for (is_there, photo) in found {
                        if is_there { there += 1 } else { missing.push(photo.object) }
                    }
                }
                Err(error) => {
                    return report.wrong(
                        "photos",
                        format!("their place ({}) does not answer: {error}", patient.settings.media),
                        "check the setting media and the credentials",
                    );
                }
            }
        }
    }
    if let Some(first) = missing.first() {
        let what = format!("{} of {} are not in {}, {first} for one", missing.len(), there + missing.len() as u64, patient.settings.media);
        report.wrong("photos", what, "check the setting media; bring them back from a backup (its folder media/)");
    } else {
        report.ok("photos", format!("{there} are in their place"));
    }
    let orphans: Vec<&String> = stored.iter().filter(|object| !named.contains(&fingerprint(object))).collect();
    if let Some(first) = orphans.first() {
        let what =
            format!("{} objects in {} belong to no request, {first} for one: a server stopped while it took them in", orphans.len(), patient.settings.media);
        report.notice("photos", what, "they do no harm and may be removed");
    }
}

/// Objects that were written long enough ago to have their row.
async fn stored(store: &PhotoStore, now: Timestamp) -> Result<Vec<String>, PhotoError> {
    let old = |found: &(String, Timestamp)| now.millis() - found.1.millis() > SETTLED_MS;
    store.objects().try_filter(|found| std::future::ready(old(found))).map_ok(|(key, _)| key).try_collect().await
}

/// Stands for a key in a set of millions.
fn fingerprint(key: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    key.hash(&mut hasher);
    hasher.finish()
}
