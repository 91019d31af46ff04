//! What each government has set up: its catalog, its lines on the map, its keys.

use std::collections::BTreeSet;

use catalog::{Catalog, Priority, RouteQuery};
use kernel::LatLon;
use places::Places;

use super::{Patient, Report};

/// Of many services with the same trouble so many are named.
const NAMED: usize = 5;

/// Whether anybody is served.
pub(super) fn jurisdictions(patient: &Patient<'_>, report: &mut Report) {
    let codes = patient.jurisdictions.iter().map(|j| j.code.as_str()).collect::<Vec<_>>().join(", ");
    if codes.is_empty() {
        report.notice("jurisdictions", "nobody is served yet", "run `cityhall jurisdiction create --code CODE --name NAME --timezone ZONE`");
    } else {
        report.ok("jurisdictions", codes);
    }
}

/// `name, name and 12 more`.
fn named(names: &[&str]) -> String {
    let shown = names.iter().take(NAMED).copied().collect::<Vec<_>>().join(", ");
    if names.len() > NAMED { format!("{shown} and {} more", names.len() - NAMED) } else { shown }
}

/// Catalogs.
pub(super) async fn catalogs(patient: &Patient<'_>, report: &mut Report) {
    for jurisdiction in patient.jurisdictions {
        let code = &jurisdiction.code;
        let catalog = match Catalog::load(patient.db.read(), jurisdiction).await {
            Ok(catalog) => catalog,
            Err(error) => {
                report.wrong("catalog", format!("that of {code} cannot be read: {error}"), "import the catalog file again, or restore the last backup");
                continue;
            }
        };
        let offered: Vec<_> = catalog.services.iter().filter(|service| service.is_offered()).collect();
        if offered.is_empty() {
            report.notice(
                "catalog",
                format!("{code} offers no service: nobody can ask for anything"),
                "run `cityhall import catalog FILE`; examples/catalog.toml shows how",
            );
            continue;
        }
        let at = patient.clock.now();
        let known: BTreeSet<&str> = catalog.departments.iter().map(|d| d.code.as_str()).collect();
        let mut nowhere = Vec::new();
        let mut unpromised = Vec::new();
        let mut lost = Vec::new();
        for service in &offered {
            let query = RouteQuery { service, areas: &[], answers: &[], channel: "web", priority: service.default_priority, at };
            let by_rule = || catalog.routing.in_force(at).is_some_and(|rules| rules.body.iter().any(|rule| rule.services.contains(&service.code)));
            match catalog.route(&query).department {
                Some(department) if !known.contains(department.as_str()) => lost.push(service.code.as_str()),
                None if !by_rule() => nowhere.push(service.code.as_str()),
                _ => {}
            }
            if Priority::ALL.iter().all(|priority| catalog.promise(service, *priority, at).is_none()) {
                unpromised.push(service.code.as_str());
            }
        }
        if !nowhere.is_empty() {
            report.notice(
                "catalog",
                format!("{code}: no department gets {}", named(&nowhere)),
                "give the services a department, or a routing rule, in the catalog file",
            );
        }
        if !lost.is_empty() {
            report.wrong(
                "catalog",
                format!("{code}: the department of {} does not exist", named(&lost)),
                "correct the department in the catalog file and import it again",
            );
        }
        if !unpromised.is_empty() {
            report.notice("catalog", format!("{code}: nothing is promised for {}", named(&unpromised)), "add a target for them in the catalog file");
        }
        if !report.bad("catalog") {
            report.ok("catalog", format!("{code} offers {} services, each with a department and a target", offered.len()));
        }
    }
}

/// Lines on the map.
pub(super) async fn boundaries(patient: &Patient<'_>, report: &mut Report) {
    let places = Places::open(patient.db.clone(), patient.settings.search.clone());
    let today = patient.clock.now();
    for jurisdiction in patient.jurisdictions {
        let code = &jurisdiction.code;
        // Any point will do: the answer is "unknown" only where nothing says where the city ends.
        let Some(anywhere) = LatLon::new(0.0, 0.0) else { return };
        match places.at(jurisdiction.id, anywhere, today.in_zone(&jurisdiction.zone()).date()).await {
            Ok(standing) if standing.in_city.is_none() => {
                let what = format!("{code}: no lines say where the city ends, so requests from elsewhere are taken");
                report.notice("boundaries", what, "run `cityhall import boundaries --layer city-limits --name-field NAME FILE`");
            }
            Ok(_) => report.ok("boundaries", format!("{code}: the city's limits are known")),
            Err(error) => report.wrong("boundaries", format!("those of {code} cannot be read: {error}"), "import the layer again"),
        }
    }
}

/// Keys.
pub(super) async fn api_keys(patient: &Patient<'_>, report: &mut Report) {
    for jurisdiction in patient.jurisdictions {
        match staff::api_keys(patient.db.read(), jurisdiction.id).await {
            Ok(keys) => {
                let able = keys.iter().filter(|key| key.revoked_at.is_none() && key.rights.may_create).count();
                if able == 0 {
                    report.notice(
                        "api keys",
                        format!("{}: no key may open requests, so no app can", jurisdiction.code),
                        "run `cityhall api-key create --name NAME`",
                    );
                } else {
                    report.ok("api keys", format!("{}: {able} may open requests", jurisdiction.code));
                }
            }
            Err(error) => report.wrong("api keys", format!("those of {} cannot be read: {error}", jurisdiction.code), "check the database"),
        }
    }
}
