//! Giving the catalog back as a file.

use sea_orm::ConnectionTrait;
use staff::Jurisdiction;

use crate::file::{CatalogFile, parse, write, write_service};
use crate::plan::plan;
use crate::snapshot::{Catalog, name_key};
use crate::target::Terms;
use crate::{CatalogError, store};

/// The catalog as a file.
///
/// When the catalog still is what the last imported file said, the answer is that file's text, byte for byte; services
/// and earlier names that only imported records brought follow at its end. Otherwise it is [`export_canonical`].
///
/// # Errors
/// When the database fails or holds what this program cannot read.
pub async fn export_catalog<C: ConnectionTrait>(conn: &C, jurisdiction: &Jurisdiction) -> Result<String, CatalogError> {
    let there = Catalog::load(conn, jurisdiction).await?;
    if let Some(text) = store::file(conn, jurisdiction.id).await?
        && let Ok(file) = parse(&text, &there.zone)
        && says_all(&file, &there)
    {
        let text = with_met(text, &file, &there);
        if let Ok(whole) = parse(&text, &there.zone)
            && plan(&whole, &there, there.changed_at).is_ok_and(|plan| plan.changes.is_empty())
        {
            return Ok(text);
        }
    }
    Ok(write(&there))
}

/// The catalog as a file that this program writes: every target, calendar and list of rules with all its versions and the
/// moments from which they are in force. Importing it into an empty jurisdiction makes the same catalog, versions included.
/// (How services were worded in earlier years is in the event log.)
///
/// # Errors
/// When the database fails or holds what this program cannot read.
pub async fn export_canonical<C: ConnectionTrait>(conn: &C, jurisdiction: &Jurisdiction) -> Result<String, CatalogError> {
    Ok(write(&Catalog::load(conn, jurisdiction).await?))
}

/// Whether the file names everything that is in force or to come, apart from what imported records brought.
fn says_all(file: &CatalogFile, there: &Catalog) -> bool {
    let services = there.services.iter().all(|s| s.imported || !s.active || file.services.iter().any(|(_, named)| named.code == s.code));
    let targets =
        there.targets.iter().all(|(key, all)| all.last().is_none_or(|v| v.body == Terms::Withdrawn) || file.targets.iter().any(|(named, _)| named == key));
    let calendars = there.calendars.keys().all(|code| file.calendars.iter().any(|(named, _)| named == code));
    let routing = there.routing.last().is_none_or(|v| v.body.is_empty()) || !file.routing.is_empty();
    let departments = there.departments.iter().all(|d| file.departments.iter().any(|(_, named)| named.code == d.code));
    services && targets && calendars && routing && departments
}

/// The text with what it does not name at its end.
fn with_met(mut text: String, file: &CatalogFile, there: &Catalog) -> String {
    let missing: Vec<_> = there.services.iter().filter(|s| !file.services.iter().any(|(_, named)| named.code == s.code)).collect();
    let named = |name: &str, code: &str| {
        let key = name_key(name);
        file.renamed.iter().any(|(_, named, _)| name_key(named) == key)
            || file.services.iter().any(|(_, s)| s.code == code && s.aliases.iter().any(|named| name_key(named) == key))
    };
    let renamed: Vec<(&str, &str)> = there
        .services
        .iter()
        .filter(|s| file.services.iter().any(|(_, named)| named.code == s.code))
        .flat_map(|s| s.aliases.iter().map(|name| (name.as_str(), s.code.as_str())))
        .filter(|(name, code)| !named(name, code))
        .collect();
    if missing.is_empty() && renamed.is_empty() {
        return text;
    }
    if !text.ends_with('\n') {
        text.push('\n');
    }
    text.push_str("\n# Met in imported records and not named above.\n");
    for service in missing {
        text.push('\n');
        write_service(&mut text, service, &[]);
    }
    if !renamed.is_empty() {
        crate::file::write_renamed(&mut text, &renamed);
    }
    text
}
