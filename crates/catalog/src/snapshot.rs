//! One jurisdiction's whole catalog, read at once and then asked without the database.

use std::collections::{BTreeMap, HashMap};

use jiff::tz::TimeZone;
use kernel::text::clean_line;
use kernel::{Calendar, JurisdictionId, Timestamp};
use sea_orm::ConnectionTrait;
use staff::{Department, Jurisdiction};

use crate::CatalogError;
use crate::model::Service;
use crate::routing::Rule;
use crate::store::{self, Kind};
use crate::target::{CalendarTerms, TargetKey, Terms, WorkCalendar};
use crate::version::{Version, Versions};

/// How often a load begins again when the catalog changes meanwhile.
const TRIES: u32 = 5;

/// One jurisdiction's services, calendars, targets, routing rules and departments.
#[derive(Clone, Debug)]
pub struct Catalog {
    /// Whose it is.
    pub jurisdiction: JurisdictionId,
    /// The jurisdiction's time zone.
    pub zone: TimeZone,
    /// When it last changed.
    pub changed_at: Timestamp,
    /// Grows with each change.
    pub generation: i64,
    /// The language of its texts, such as `en`.
    pub language: String,
    /// Departments and their work groups.
    pub departments: Vec<Department>,
    /// Services by group and name.
    pub services: Vec<Service>,
    /// Calendars by code.
    pub calendars: BTreeMap<String, Versions<WorkCalendar>>,
    /// Targets by what they are for.
    pub targets: BTreeMap<TargetKey, Versions<Terms>>,
    /// Routing rules, the whole list in each version.
    pub routing: Versions<Vec<Rule>>,
    pub(crate) around_the_clock: Calendar,
    by_code: HashMap<String, usize>,
    by_name: HashMap<String, usize>,
}

impl Catalog {
    /// Reads the catalog of `jurisdiction` as it stands now.
    ///
    /// # Errors
    /// When the database fails or holds what this program cannot read.
    pub async fn load<C: ConnectionTrait>(conn: &C, jurisdiction: &Jurisdiction) -> Result<Self, CatalogError> {
        let mut tries = 1;
        loop {
            let before = store::state(conn, jurisdiction.id).await?;
            let catalog = Self::read(conn, jurisdiction, before).await?;
            // Several statements: begin again when a change came between them.
            if store::generation(conn, jurisdiction.id).await? == catalog.generation || tries == TRIES {
                return Ok(catalog);
            }
            tries += 1;
        }
    }

    async fn read<C: ConnectionTrait>(conn: &C, jurisdiction: &Jurisdiction, state: Option<store::State>) -> Result<Self, CatalogError> {
        let (id, zone) = (jurisdiction.id, jurisdiction.zone());
        let mut services: Vec<Service> = Vec::new();
        let mut calendars: BTreeMap<String, Vec<Version<WorkCalendar>>> = BTreeMap::new();
        let mut targets: BTreeMap<TargetKey, Vec<Version<Terms>>> = BTreeMap::new();
        let mut routing = Vec::new();
        for row in store::versions(conn, id).await? {
            let number = row.number;
            let valid_from = row.valid_from;
            match row.kind {
                Kind::Service => services.push(row.body()?),
                Kind::Calendar => {
                    let terms: CalendarTerms = row.body()?;
                    let calendar = terms.ready(&zone).map_err(|error| row.unreadable(error))?;
                    calendars.entry(row.code).or_default().push(Version { number, valid_from, body: WorkCalendar { terms, calendar } });
                }
                Kind::Target => {
                    let key: TargetKey = row.code.parse().map_err(|error| row.unreadable(error))?;
                    targets.entry(key).or_default().push(Version { number, valid_from, body: row.body()? });
                }
                Kind::Routing => routing.push(Version { number, valid_from, body: row.body::<Vec<Rule>>()? }),
            }
        }
        services.sort_by(|a, b| (&a.group, &a.name, &a.code).cmp(&(&b.group, &b.name, &b.code)));
        let by_code: HashMap<String, usize> = services.iter().enumerate().map(|(place, service)| (service.code.clone(), place)).collect();
        // A service of the city has its name for itself, an earlier name counts before one that only old records have.
        let mut by_name = HashMap::new();
        for (place, service) in services.iter().enumerate().filter(|(_, service)| service.imported) {
            by_name.insert(name_key(&service.name), place);
        }
        for alias in store::aliases(conn, id).await? {
            if let Some(place) = by_code.get(&alias.code) {
                services[*place].aliases.push(alias.name);
                by_name.insert(alias.name_key, *place);
            }
        }
        for (place, service) in services.iter().enumerate().filter(|(_, service)| !service.imported) {
            by_name.insert(name_key(&service.name), place);
        }
        let (generation, changed_at, language) =
            state.map_or_else(|| (0, jurisdiction.created_at, "en".to_owned()), |s| (s.generation, s.changed_at, s.language));
        Ok(Self {
            jurisdiction: id,
            changed_at,
            generation,
            language,
            departments: staff::departments(conn, id).await?,
            services,
            calendars: calendars.into_iter().map(|(code, all)| (code, all.into_iter().collect())).collect(),
            targets: targets.into_iter().map(|(key, all)| (key, all.into_iter().collect())).collect(),
            routing: routing.into_iter().collect(),
            around_the_clock: Calendar::always(zone.clone()),
            zone,
            by_code,
            by_name,
        })
    }

    #[cfg(test)]
    pub(crate) fn empty(zone: TimeZone) -> Self {
        Self {
            jurisdiction: JurisdictionId(1),
            changed_at: Timestamp::from_millis(0),
            generation: 0,
            language: "en".to_owned(),
            departments: Vec::new(),
            services: Vec::new(),
            calendars: BTreeMap::new(),
            targets: BTreeMap::new(),
            routing: Versions::default(),
            around_the_clock: Calendar::always(zone.clone()),
            zone,
            by_code: HashMap::new(),
            by_name: HashMap::new(),
        }
    }

    /// The service with this code.
    #[must_use]
    pub fn service(&self, code: &str) -> Option<&Service> {
        self.by_code.get(code).map(|place| &self.services[*place])
    }

    /// The service that has, or had in earlier years, this name. Case and repeated blanks do not matter.
    #[must_use]
    pub fn service_named(&self, name: &str) -> Option<&Service> {
        self.by_name.get(&name_key(name)).map(|place| &self.services[*place])
    }
}

/// How names of services are compared: cleaned, single blanks, lower case.
#[must_use]
pub fn name_key(name: &str) -> String {
    clean_line(name).to_lowercase()
}
