//! Photos: whether each is in its place.

use futures::{StreamExt as _, TryStreamExt as _};
use requests::{PhotoStore, Requests};

use super::{Patient, Report};

/// Photos asked for at a time.
const PAGE: u64 = 500;
/// Looked for at the same time.
const AT_ONCE: usize = 16;

/// Looks for each photo that the tables name.
pub(super) async fn photos(patient: &Patient<'_>, store: &PhotoStore, report: &mut Report) {
    let (mut there, mut missing) = (0_u64, Vec::new());
    for jurisdiction in patient.jurisdictions {
        let mut after = None;
        loop {
            let page = match Requests::photos_after(patient.db, jurisdiction, after, PAGE).await {
                Ok(page) => page,
                Err(error) => return report.wrong("photos", format!("their list cannot be read: {error}"), "check the database"),
            };
            let Some(last) = page.last() else { break };
            after = Some(last.id);
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
    match missing.first() {
        None => report.ok("photos", format!("{there} are in their place")),
        Some(first) => {
            let what = format!("{} of {} are not in {}, {first} for one", missing.len(), there + missing.len() as u64, patient.settings.media);
            report.wrong("photos", what, "check the setting media; bring them back from a backup (its folder media/)");
        }
    }
}
