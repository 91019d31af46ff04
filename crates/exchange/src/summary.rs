//! What an import did, for people and as JSON.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use serde::Serialize;

/// What became of a file's rows: `read` = `imported` + `unchanged` + `rejected`.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Summary {
    /// Rows in the file, its header and blank lines not counted.
    pub read: u64,
    /// New ones and changed ones.
    pub imported: u64,
    /// Of the imported ones, those that were here before in another state.
    pub updated: u64,
    /// Those that were here before just so.
    pub unchanged: u64,
    /// Those that were not taken; each stands in the rejects file.
    pub rejected: u64,
    /// Reasons for rejects, without their details, and how often.
    pub reasons: BTreeMap<String, u64>,
    /// What was odd in rows that were taken, and how often.
    pub warnings: BTreeMap<String, u64>,
    /// Requests with a point on the map, of those imported or unchanged.
    pub located: u64,
    /// Repeats that were tied to the request that they repeat, after all rows were there.
    pub parents_linked: u64,
    /// Services that the records name and the catalog did not have.
    pub services_added: u64,
    /// For each boundary layer that the file records too, how often both agree.
    pub areas: BTreeMap<String, Agreement>,
    /// The rejects file, where there is one.
    pub rejects: Option<PathBuf>,
    /// How long it took.
    pub seconds: f64,
    /// Rows read in a second.
    pub rows_per_second: f64,
}

/// How often the area that a row records is the one found at its point.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Agreement {
    /// The same.
    pub agree: u64,
    /// Of these, with lines that were in force on the day.
    pub agree_in_force: u64,
    /// Another one.
    pub differ: u64,
    /// Of these, with lines that were in force on the day.
    pub differ_in_force: u64,
    /// No point, nothing recorded, no such layer here, or the point lies outside all its areas.
    pub not_comparable: u64,
}

impl Agreement {
    /// The share that agrees of those that can be compared, 0 to 1.
    #[must_use]
    pub fn share(&self) -> Option<f64> {
        share(self.agree, self.differ)
    }

    /// The same, of rows whose lines were in force on the day.
    #[must_use]
    pub fn share_in_force(&self) -> Option<f64> {
        share(self.agree_in_force, self.differ_in_force)
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts of rows are far below 2^52")]
fn share(agree: u64, differ: u64) -> Option<f64> {
    let all = agree + differ;
    (all > 0).then(|| agree as f64 / all as f64)
}

impl Summary {
    /// Fills in how long it took.
    #[expect(clippy::cast_precision_loss, reason = "counts of rows are far below 2^52")]
    pub(crate) fn timed(&mut self, seconds: f64) {
        self.seconds = (seconds * 1000.0).round() / 1000.0;
        self.rows_per_second = if seconds > 0.0 { (self.read as f64 / seconds).round() } else { 0.0 };
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            read,
            imported,
            updated,
            unchanged,
            rejected,
            reasons,
            warnings,
            located,
            parents_linked,
            services_added,
            areas,
            rejects,
            seconds,
            rows_per_second,
        } = self;
        writeln!(
            f,
            "{read} rows read = {imported} imported + {unchanged} unchanged + {rejected} rejected ({seconds:.1} s, {rows_per_second:.0} rows a second)"
        )?;
        if *updated > 0 {
            writeln!(f, "{updated} of the imported rows were here before in another state")?;
        }
        writeln!(f, "{located} have a point on the map")?;
        if *services_added > 0 {
            writeln!(f, "{services_added} services of the records were new to the catalog")?;
        }
        if *parents_linked > 0 {
            writeln!(f, "{parents_linked} repeats were tied to requests that came after them")?;
        }
        for (layer, agreement) in areas {
            let Agreement { agree, agree_in_force: _, differ, differ_in_force: _, not_comparable } = agreement;
            write!(f, "area {layer}: {agree} agree, {differ} differ, {not_comparable} cannot be compared")?;
            match (agreement.share(), agreement.share_in_force()) {
                (Some(all), Some(in_force)) => writeln!(f, " ({:.1} % agree; {:.1} % where the lines were in force)", all * 100.0, in_force * 100.0)?,
                (Some(all), None) => writeln!(f, " ({:.1} % agree)", all * 100.0)?,
                (None, _) => writeln!(f)?,
            }
        }
        for (what, times) in warnings {
            writeln!(f, "warning, {times} rows: {what}")?;
        }
        for (why, times) in reasons {
            writeln!(f, "rejected, {times} rows: {why}")?;
        }
        if let Some(rejects) = rejects {
            writeln!(f, "the rejected rows are in {}", rejects.display())?;
        }
        Ok(())
    }
}
