//! A layer of zones with its schedule.

use std::io::Read;

use db::{Db, DbError};
use futures::FutureExt;
use kernel::{Clock, Ids, JurisdictionId, Problem};

use super::{ImportError, RejectSink, Summary, ZoneImport, import_boundaries};
use crate::store;
use crate::zones::Schedule;

/// Takes in the zones' lines and, when each zone of the schedule is among them, the schedule.
///
/// # Errors
/// [`ImportError`]; a schedule that cannot be read is told before the file is touched, one that names a zone which the
/// layer has not, after the lines are in; the schedule is then not kept.
pub async fn import_zones<R: Read + Send + 'static>(
    db: &Db,
    clock: &Clock,
    ids: &Ids,
    j: JurisdictionId,
    what: ZoneImport,
    reader: R,
    sink: &mut dyn RejectSink,
) -> Result<Summary, ImportError> {
    let ZoneImport { boundary, schedule: text } = what;
    let schedule = Schedule::parse(&text)?;
    let layer = boundary.layer.clone();
    let summary = import_boundaries(db, clock, ids, j, boundary, reader, sink).await?;
    let names = store::boundaries::area_names(db.read(), j, &layer).await?;
    if let Some(missing) = schedule.zone_names().find(|zone| names.iter().all(|name| name != zone)) {
        let some: Vec<&str> = names.iter().map(String::as_str).take(20).collect();
        return Err(Problem::new("schedule", format!("names the zone {missing:?}, which layer {layer} has not; it has {}", some.join(", "))).into());
    }
    let now = clock.now();
    db.write(move |tx| {
        async move {
            if store::boundaries::put_schedule(tx, j, &layer, &text, now).await? {
                store::touch(tx, j, store::BOUNDARIES, now).await?;
            }
            Ok::<_, DbError>(())
        }
        .boxed()
    })
    .await?;
    Ok(summary)
}
