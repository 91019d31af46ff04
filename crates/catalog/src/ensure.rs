//! Services that are met in imported records: found by code, name or earlier name, or made so that the record has a home.

use std::collections::{BTreeSet, HashMap};

use db::Tx;
use events::Actor;
use kernel::text::{clean_line, slug};
use kernel::{Ids, Timestamp};
use staff::Jurisdiction;

use crate::import::Writing;
use crate::model::{Service, is_code};
use crate::plan::Verb;
use crate::snapshot::{Catalog, name_key};
use crate::{CatalogError, store};

/// A service as an old record names it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MetService {
    /// Its name; blank when only the code is known.
    pub name: String,
    /// Its code, where the records have codes.
    pub code: Option<String>,
    /// The category it was listed under.
    pub group: Option<String>,
    /// The department's code, when there is such a department.
    pub department: Option<String>,
    /// Other names of the same service in other years.
    pub aliases: Vec<String>,
}

/// Finds or makes the services that records name; the answer is one code for each, in the same order.
///
/// A service is found by its code, else by its name or an earlier name; the names given as `aliases` lead to it from then
/// on, unless another service has that name now. One that is not found is made: not offered (`active = false`), marked
/// `imported`, its code made of its name. Services that are there get no new version.
///
/// # Errors
/// When the database fails or holds what this program cannot read.
pub async fn ensure_services(
    tx: &Tx,
    at: Timestamp,
    ids: &Ids,
    jurisdiction: &Jurisdiction,
    actor: Actor,
    met: &[MetService],
) -> Result<Vec<String>, CatalogError> {
    let j = jurisdiction.id;
    store::lock(tx, j, at).await?;
    let there = Catalog::load(tx.conn(), jurisdiction).await?;
    let mut by_name: HashMap<String, String> = HashMap::new();
    let mut codes: BTreeSet<String> = there.services.iter().map(|s| s.code.clone()).collect();
    let (mut out, mut made, mut aliases) = (Vec::with_capacity(met.len()), Vec::new(), Vec::new());
    for service in met {
        let name = clean_line(&service.name);
        let key = name_key(&name);
        let given = service.code.as_deref().filter(|code| is_code(code));
        let by_alias =
            || service.aliases.iter().find_map(|alias| there.service_named(alias).map(|s| s.code.clone()).or_else(|| by_name.get(&name_key(alias)).cloned()));
        let found = given
            .filter(|code| codes.contains(*code))
            .map(str::to_owned)
            .or_else(|| there.service_named(&name).filter(|_| !key.is_empty()).map(|s| s.code.clone()))
            .or_else(|| by_name.get(&key).filter(|_| !key.is_empty()).cloned())
            .or_else(by_alias);
        let code = found.unwrap_or_else(|| {
            let code = free_code(given.map_or_else(|| slug(&name), str::to_owned), &codes);
            codes.insert(code.clone());
            let name = if name.is_empty() { code.clone() } else { name.chars().take(200).collect() };
            let known = |department: &String| there.departments.iter().any(|d| d.code == *department);
            let group = service.group.as_deref().map(|group| clean_line(group).chars().take(200).collect::<String>()).filter(|group| !group.is_empty());
            made.push(Service {
                code: code.clone(),
                name,
                group,
                department: service.department.clone().filter(known),
                active: false,
                imported: true,
                ..Service::default()
            });
            code
        });
        for other in service.aliases.iter().map(|alias| clean_line(alias)).chain([name]).filter(|alias| !alias.is_empty()) {
            let key = name_key(&other);
            let taken = by_name.contains_key(&key) || there.service_named(&other).is_some();
            if !taken {
                by_name.insert(key.clone(), code.clone());
                let is_its_name = made.iter().any(|s| s.code == code && name_key(&s.name) == key);
                if !is_its_name {
                    aliases.push((key, other, code.clone()));
                }
            }
        }
        out.push(code);
    }
    if !made.is_empty() || !aliases.is_empty() {
        let mut writing = Writing::begin(tx, j, ids, at, actor).await?;
        for service in &made {
            writing.service(Verb::Added, service)?;
        }
        for (key, name, code) in aliases {
            writing.earlier_name(&name, &code);
            store::put_alias(tx, j, key, &name, &code).await?;
        }
        writing.finish(tx, None).await?;
    }
    Ok(out)
}

/// `wanted`, or with `-2`, `-3`… after it when it is taken.
fn free_code(wanted: String, taken: &BTreeSet<String>) -> String {
    let wanted = if wanted.is_empty() { "service".to_owned() } else { wanted };
    if !taken.contains(&wanted) {
        return wanted;
    }
    let mut number = 2_u64;
    loop {
        let code = format!("{wanted}-{number}");
        if !taken.contains(&code) {
            return code;
        }
        number += 1;
    }
}
