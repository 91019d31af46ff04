//! What `open` and `receive` share: checking what was sent, placing it on the map, routing and promising.

use catalog::{Catalog, Priority, RouteQuery, Service, Visibility};
use events::Actor;
use kernel::text::{clean_line, clean_text};
use kernel::{LatLon, Problem, Timestamp};
use places::{HitKind, Standing};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use staff::Jurisdiction;

use crate::hub::Requests;
use crate::model::{FrozenArea, FrozenPromise, FrozenRouting, NewRequest, Place, Reporter, Request, RequestId};
use crate::open::OpenError;
use crate::photos::Picture;
use crate::status::Status;

/// The most characters of a description (the standard's limit).
pub const MOST_DESCRIPTION: usize = 4000;
/// The most characters of an address or a described place.
const MOST_PLACE: usize = 500;
/// The most characters of a name, device or account.
const MOST_NAME: usize = 200;
/// The most pictures and pages elsewhere that one request may name.
pub const MOST_MEDIA_URLS: usize = 10;
/// How far a sender's clock may run ahead, in milliseconds.
const CLOCK_SKEW: i64 = 10 * 60 * 1000;
/// A geocoded address is believed from this score on.
const SURE: f64 = 0.85;

/// A request with everything but its number, ready to be written.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Ready {
    pub(crate) request: Request,
    pub(crate) reporter: Reporter,
}

/// What was sent, checked.
pub(crate) struct Checked {
    pub(crate) service: Service,
    pub(crate) ready: Ready,
    pub(crate) pictures: Vec<Picture>,
}

impl Requests {
    /// Checks everything, places the request on the map, routes it and promises a date. Writes nothing.
    pub(crate) async fn check(&self, j: &Jurisdiction, new: NewRequest) -> Result<Checked, OpenError> {
        let catalog = self.catalogs().get(j).await?;
        let service = offered(&catalog, &new)?.clone();
        let now = self.clock().now();
        let zone = j.zone();

        let mut problems = Vec::new();
        let mut note = |result: Result<Option<String>, Problem>| result.unwrap_or_else(|problem| problem_and_none(&mut problems, problem));
        let description = note(kernel::text::optional_text("description", new.description.as_deref().unwrap_or(""), MOST_DESCRIPTION));
        let mut place = Place {
            point: new.place.point,
            address: note(line("address_string", new.place.address.as_deref(), MOST_PLACE)),
            address_id: note(line("address_id", new.place.address_id.as_deref(), MOST_NAME)),
            zip: note(line("zipcode", new.place.zip.as_deref(), 20)),
            note: note(line("place", new.place.note.as_deref(), MOST_PLACE)),
        };
        let reporter = Reporter {
            first_name: note(line("first_name", new.reporter.first_name.as_deref(), MOST_NAME)),
            last_name: note(line("last_name", new.reporter.last_name.as_deref(), MOST_NAME)),
            device_id: note(line("device_id", new.reporter.device_id.as_deref(), MOST_NAME)),
            account_id: note(line("account_id", new.reporter.account_id.as_deref(), MOST_NAME)),
            language: note(line("language", new.reporter.language.as_deref(), 35)),
            email: new.reporter.email.clone(),
            phone: new.reporter.phone.clone(),
        };
        if service.needs_place && place.is_empty() {
            problems.push(Problem::new("location", "is required: give lat and long, or address_string, or address_id"));
        }
        if let Some(why) = &service.needs_contact
            && !reporter.can_be_reached()
        {
            problems.push(Problem::new("email", format!("or phone is required: {why}")));
        }
        let priority = match new.priority.as_deref() {
            None => service.default_priority,
            Some(text) => Priority::parse(text).unwrap_or_else(|| {
                problems.push(Problem::new("priority", "is not one of the priorities of this city"));
                service.default_priority
            }),
        };
        let requested_at = new.requested_at.unwrap_or(now);
        if requested_at > now.plus_millis(CLOCK_SKEW) {
            problems.push(Problem::new("requested_datetime", "lies in the future"));
        }
        let media_urls = media_urls(&new.media_urls, &mut problems);
        let most = usize::try_from(service.photos.most).unwrap_or(usize::MAX);
        if new.uploads.len() > most {
            problems.push(Problem::new("media", format!("may be at most {most} pictures for this service")));
        }
        let answers = service.check_answers(&new.answers, &zone).unwrap_or_else(|mut found| {
            problems.append(&mut found);
            catalog::Answers::default()
        });
        let pictures = if problems.is_empty() {
            self.fresh_pictures(new.uploads.clone()).await.unwrap_or_else(|found| {
                problems.extend(found);
                Vec::new()
            })
        } else {
            Vec::new()
        };
        if !problems.is_empty() {
            return Err(OpenError::Problems(problems));
        }

        self.complete_place(j, &mut place).await?;
        let standing = self.standing(j, place.point, requested_at).await?;
        let areas = frozen(&standing);
        let pairs: Vec<(String, String)> = standing.areas.iter().map(|area| (area.layer.clone(), area.name.clone())).collect();
        let query = RouteQuery { service: &service, areas: &pairs, answers: &answers.given, channel: new.channel.code(), priority, at: requested_at };
        let routed = catalog.route(&query);
        let promise = catalog.promise(&service, priority, requested_at);
        let request = Request {
            id: RequestId(self.ids().next()),
            number: String::new(),
            origin: None,
            fingerprint: None,
            service_code: service.code.clone(),
            status: Status::Received,
            outcome: None,
            explanation: None,
            priority: priority.as_str().to_owned(),
            channel: new.channel,
            department: routed.department,
            work_group: routed.work_group,
            assignee: None,
            // The public sees nothing of what staff alone may ask for.
            private: service.visibility == Visibility::StaffOnly,
            place,
            in_city: standing.in_city,
            areas,
            description,
            answers: answers.given.into_iter().collect(),
            media_urls,
            requested_at,
            recorded_at: now,
            updated_at: now,
            closed_at: None,
            due_at: promise.as_ref().map(|p| p.due_at),
            promise: promise.map(freeze),
            paused_at: None,
            routing: Some(FrozenRouting { rule: routed.rule, version: routed.version, why: routed.why }),
            parent: None,
            source_fields: std::collections::BTreeMap::new(),
            revision: 1,
        };
        Ok(Checked { service, ready: Ready { request, reporter }, pictures })
    }

    /// Fills what one part of a place says about the others: a point for an address that the city knows, an address for a point.
    pub(crate) async fn complete_place(&self, j: &Jurisdiction, place: &mut Place) -> Result<(), OpenError> {
        if let (None, Some(id)) = (place.point, &place.address_id)
            && let Some(known) = self.places().by_address_id(j.id, id).await?
        {
            place.point = known.point;
            place.zip = place.zip.take().or(known.zip);
            place.address = place.address.take().or(Some(known.label));
        }
        if let (None, Some(address)) = (place.point, &place.address) {
            let hits = self.places().search(j.id, address, None, 1).await?;
            // A guess would send a crew to the wrong door: only a sure hit becomes a point.
            if let Some(hit) = hits.into_iter().next().filter(|hit| hit.score >= SURE && !hit.approximate && hit.kind != HitKind::Street) {
                place.point = hit.point;
                place.address_id = place.address_id.take().or(hit.address_id);
                place.zip = place.zip.take().or(hit.zip);
            }
        }
        if let (Some(point), None) = (place.point, &place.address)
            && let Some(near) = self.places().reverse(j.id, point).await?
        {
            place.address = Some(near.label);
            place.zip = place.zip.take().or(near.zip);
        }
        Ok(())
    }

    /// What stands at a point on the local day of `at`.
    pub(crate) async fn standing(&self, j: &Jurisdiction, point: Option<LatLon>, at: Timestamp) -> Result<Standing, OpenError> {
        match point {
            Some(point) => Ok(self.places().at(j.id, point, at.in_zone(&j.zone()).date()).await?),
            None => Ok(Standing::default()),
        }
    }
}

/// The service asked for, if this sender may ask for it.
fn offered<'a>(catalog: &'a Catalog, new: &NewRequest) -> Result<&'a Service, OpenError> {
    let service = catalog.service(&new.service_code).ok_or_else(|| OpenError::UnknownService(new.service_code.clone()))?;
    let by_staff = matches!(new.actor, Actor::Staff(_) | Actor::System);
    match service.visibility {
        // To the public a service for staff does not exist.
        Visibility::StaffOnly if !by_staff => Err(OpenError::UnknownService(new.service_code.clone())),
        Visibility::InformationOnly => Err(OpenError::NotOffered { service: service.name.clone(), why: "is answered with information and takes no requests" }),
        _ if !service.active => Err(OpenError::NotOffered { service: service.name.clone(), why: "takes no new requests" }),
        Visibility::Public | Visibility::StaffOnly => Ok(service),
    }
}

fn problem_and_none(problems: &mut Vec<Problem>, problem: Problem) -> Option<String> {
    problems.push(problem);
    None
}

/// A cleaned line, or nothing where nothing is left of it.
fn line(field: &str, text: Option<&str>, most: usize) -> Result<Option<String>, Problem> {
    kernel::text::optional_text(field, &clean_line(text.unwrap_or("")), most)
}

/// Addresses of pictures and pages elsewhere: http or https only, each once.
pub(crate) fn media_urls(sent: &[String], problems: &mut Vec<Problem>) -> Vec<String> {
    let mut kept: Vec<String> = Vec::new();
    for url in sent.iter().map(|url| clean_text(url)).filter(|url| !url.is_empty()) {
        let lower = url.to_ascii_lowercase();
        let host = lower.strip_prefix("https://").or_else(|| lower.strip_prefix("http://"));
        let good =
            host.is_some_and(|rest| rest.starts_with(|c: char| c.is_alphanumeric() || c == '[')) && url.len() <= 2000 && !url.chars().any(char::is_whitespace);
        if !good {
            problems.push(Problem::new("media_url", "must be a web address that starts with http:// or https://"));
        } else if !kept.contains(&url) {
            kept.push(url);
        }
    }
    if kept.len() > MOST_MEDIA_URLS {
        problems.push(Problem::new("media_url", format!("may be given at most {MOST_MEDIA_URLS} times")));
        kept.truncate(MOST_MEDIA_URLS);
    }
    kept
}

/// The areas as they are kept with the request. Where two areas of one layer overlap, the first by name stands.
pub(crate) fn frozen(standing: &Standing) -> std::collections::BTreeMap<String, FrozenArea> {
    let mut areas = std::collections::BTreeMap::new();
    for area in &standing.areas {
        let frozen = FrozenArea { name: area.name.clone(), edition: area.edition.clone(), in_force: area.in_force };
        areas.entry(area.layer.clone()).or_insert(frozen);
    }
    areas
}

/// The promise as it is kept with the request.
pub(crate) fn freeze(promise: catalog::Promise) -> FrozenPromise {
    let catalog::Promise { due_at, target, target_version, calendar, calendar_version, amount, formula_version } = promise;
    FrozenPromise::Target { target, target_version, calendar, calendar_version, formula_version, amount, first_due_at: due_at }
}

/// What one sending consists of, as a short text: tells a double send from another one under the same key.
pub(crate) fn fingerprint(new: &NewRequest) -> String {
    let NewRequest { actor: _, service_code, channel, priority, place, description, answers, reporter, uploads, media_urls, idempotency: _, requested_at } =
        new;
    let text = serde_json::json!([service_code, channel, priority, place, description, answers, reporter, media_urls, requested_at]).to_string();
    let mut hash = Sha256::new();
    hash.update(text.as_bytes());
    for upload in uploads {
        hash.update((upload.content.len() as u64).to_be_bytes());
        hash.update(&upload.content);
    }
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}
