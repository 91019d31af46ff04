//! A request as it is told to the world: our words turned into the standard's, and everything private left behind.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use catalog::{Catalog, Service, Visibility};
use jiff::tz::TimeZone;
use kernel::Timestamp;
use requests::{Filter, Photo, PhotoId, Request, RequestId, RequestUpdate, Status};
use staff::Jurisdiction;

use crate::desk::Desk;
use crate::refusal::Refusal;
use crate::{statuses, wire};

/// What telling about requests of one city needs.
pub(crate) struct Teller {
    pub catalog: Arc<Catalog>,
    pub zone: TimeZone,
    /// The language asked for.
    pub language: String,
    /// Begins the addresses of photos.
    pub media: String,
}

impl Teller {
    pub(crate) fn new(jurisdiction: &Jurisdiction, catalog: Arc<Catalog>, language: Option<&str>, base_url: &str) -> Self {
        let language = language.map_or_else(|| catalog.language.clone(), str::to_owned);
        Self { catalog, zone: jurisdiction.zone(), language, media: format!("{base_url}/media/{}", jurisdiction.code) }
    }

    fn date(&self, at: Timestamp) -> String {
        at.to_w3(&self.zone)
    }

    pub(crate) fn photo_url(&self, photo: PhotoId) -> String {
        format!("{}/{photo}.jpg", self.media)
    }

    /// Whether the public may know of this request.
    pub(crate) fn is_public(&self, request: &Request) -> bool {
        !request.private && !self.catalog.service(&request.service_code).is_some_and(is_for_staff)
    }

    /// The updates of this list whose requests the public may know of.
    pub(crate) async fn public_updates(&self, desk: &Desk, jurisdiction: &Jurisdiction, updates: Vec<RequestUpdate>) -> Result<Vec<RequestUpdate>, Refusal> {
        let except_services = for_staff(&self.catalog);
        if except_services.is_empty() {
            return Ok(updates);
        }
        let mut numbers: Vec<String> = updates.iter().map(|update| update.number.clone()).collect();
        numbers.sort_unstable();
        numbers.dedup();
        let mut public = HashSet::new();
        for part in numbers.chunks(1_000) {
            let filter = Filter { numbers: Some(part.to_vec()), except_services: except_services.clone(), limit: 1_000, ..Filter::default() };
            public.extend(desk.requests.list(jurisdiction, &filter).await?.into_iter().map(|request| request.id));
        }
        Ok(updates.into_iter().filter(|update| public.contains(&update.request)).collect())
    }

    /// The requests of this list that the public may know of, as they are told, with their extensions when asked for.
    pub(crate) async fn tell(
        &self,
        desk: &Desk,
        jurisdiction: &Jurisdiction,
        requests: Vec<Request>,
        extended: bool,
    ) -> Result<Vec<wire::ServiceRequest>, Refusal> {
        let requests: Vec<Request> = requests.into_iter().filter(|request| self.is_public(request)).collect();
        let ids: Vec<RequestId> = requests.iter().map(|request| request.id).collect();
        let photos = if ids.is_empty() { HashMap::new() } else { desk.requests.photos_of(jurisdiction, &ids).await? };
        let (updates, parents) = if extended && !ids.is_empty() {
            (desk.requests.updates_of(jurisdiction, &ids).await?, self.parents(desk, jurisdiction, &requests).await?)
        } else {
            (HashMap::new(), HashMap::new())
        };
        let told = requests.into_iter().map(|request| {
            let photos: Vec<&Photo> = photos.get(&request.id).into_iter().flatten().filter(|photo| !photo.private).collect();
            let updates = updates.get(&request.id).map_or(&[][..], Vec::as_slice);
            let extension = extended.then(|| self.extension(&request, &photos, updates, &parents));
            self.request(request, &photos, extension)
        });
        Ok(told.collect())
    }

    /// The numbers of the requests that these repeat, where the public may know of them.
    async fn parents(&self, desk: &Desk, jurisdiction: &Jurisdiction, requests: &[Request]) -> Result<HashMap<RequestId, String>, Refusal> {
        let mut numbers: HashMap<RequestId, String> = requests.iter().map(|request| (request.id, request.number.clone())).collect();
        for parent in requests.iter().filter_map(|request| request.parent) {
            if let std::collections::hash_map::Entry::Vacant(place) = numbers.entry(parent)
                && let Some(found) = desk.requests.by_id(jurisdiction, parent).await?.filter(|found| self.is_public(found))
            {
                place.insert(found.number);
            }
        }
        Ok(numbers)
    }

    fn request(&self, request: Request, photos: &[&Photo], extension: Option<wire::Extension>) -> wire::ServiceRequest {
        let service = self.catalog.service(&request.service_code);
        let department = |code: &String| self.catalog.departments.iter().find(|d| d.code == *code).map_or_else(|| code.clone(), |d| d.name.clone());
        // "For closed requests, the date it was closed", whatever was said about it afterwards.
        let updated_at = request.closed_at.unwrap_or(request.updated_at);
        let own_photo = photos.first().map(|photo| self.photo_url(photo.id));
        wire::ServiceRequest {
            status: statuses::plain(request.status),
            status_notes: request.explanation,
            // The present name of the code, also when the request was made under an earlier one.
            service_name: service.map_or_else(|| request.service_code.clone(), |service| service.name_in(&self.language).to_owned()),
            service_notice: service.and_then(|service| service.notice_in(&self.language)).map(str::to_owned),
            service_code: request.service_code,
            service_request_id: request.number,
            description: request.description,
            agency_responsible: request.department.as_ref().map(department),
            requested_datetime: self.date(request.requested_at),
            updated_datetime: self.date(updated_at),
            expected_datetime: request.due_at.map(|due| self.date(due)),
            address: request.place.address.or(request.place.note),
            address_id: request.place.address_id,
            zipcode: request.place.zip,
            point: request.place.point.map(|point| (point.lat, point.lon)),
            media_url: own_photo.or_else(|| request.media_urls.into_iter().next()),
            extension,
        }
    }

    fn extension(&self, request: &Request, photos: &[&Photo], updates: &[RequestUpdate], parents: &HashMap<RequestId, String>) -> wire::Extension {
        let service = self.catalog.service(&request.service_code);
        let photo = |photo: &&Photo| wire::PhotoEntry {
            media_url: self.photo_url(photo.id),
            width: photo.width,
            height: photo.height,
            created_at: self.date(photo.recorded_at),
        };
        let areas = request.areas.iter().map(|(layer, area)| wire::Area {
            layer: layer.clone(),
            name: area.name.clone(),
            edition: area.edition.clone(),
            in_force: area.in_force,
        });
        wire::Extension {
            attributes: service.map(|service| self.answers(service, request)).unwrap_or_default(),
            channel: request.channel.code(),
            state: request.status.code(),
            outcome: request.outcome.map(requests::Outcome::code),
            detailed_status: statuses::city_sdk(request.status, request.outcome),
            closed_datetime: request.closed_at.map(|at| self.date(at)),
            duplicate: request.parent.is_some() || request.outcome == Some(requests::Outcome::Duplicate),
            parent_service_request_id: request.parent.and_then(|parent| parents.get(&parent).cloned()),
            areas: areas.collect(),
            media_urls: photos.iter().map(|photo| self.photo_url(photo.id)).chain(request.media_urls.iter().cloned()).collect(),
            photos: photos.iter().map(photo).collect(),
            notes: self.notes(request, updates),
        }
    }

    /// Answers to the service's questions, in their order. What was sent beyond them is not published.
    fn answers(&self, service: &Service, request: &Request) -> Vec<wire::Answer> {
        let mut told = Vec::new();
        for question in service.questions.iter().filter(|question| question.variable) {
            for value in request.answers.get(&question.code).into_iter().flatten() {
                told.push(wire::Answer {
                    label: question.ask_in(&self.language).to_owned(),
                    name: question.code.clone(),
                    value: question.value_name(value, &self.language).to_owned(),
                    code: question.datatype.is_list().then(|| value.clone()),
                });
            }
        }
        told
    }

    fn notes(&self, request: &Request, updates: &[RequestUpdate]) -> Vec<wire::Note> {
        let submitted = wire::Note { datetime: self.date(request.requested_at), summary: "Submitted".to_owned(), description: None, kind: "submitted" };
        let mut before = Status::Received;
        let later = updates.iter().filter(|update| update.public).map(|update| {
            let (summary, kind) = match (before.is_open(), update.status.is_open()) {
                (true, false) => ("Closed", "closed"),
                (false, true) => ("Reopened", "opened"),
                _ if before != update.status => (step(update.status), "activity"),
                _ => ("Update", "activity"),
            };
            before = update.status;
            wire::Note { datetime: self.date(update.updated_at), summary: summary.to_owned(), description: update.words.clone(), kind }
        });
        let mut notes: Vec<wire::Note> = std::iter::once(submitted).chain(later).collect();
        // An imported request that came closed tells its end without an update.
        if let Some(closed_at) = request.closed_at.filter(|_| before.is_open()) {
            notes.push(wire::Note { datetime: self.date(closed_at), summary: "Closed".to_owned(), description: request.explanation.clone(), kind: "closed" });
        }
        notes
    }

    /// An update as it is told. Its date is when it was made known here, because clients drop what lies outside the
    /// window they asked for, and would lose what is dated before their last call.
    pub(crate) fn update(&self, update: RequestUpdate, photo: Option<&Photo>) -> wire::Update {
        wire::Update {
            update_id: update.id.to_string(),
            service_request_id: update.number,
            status: statuses::detailed(update.status, update.outcome),
            updated_datetime: self.date(update.recorded_at),
            description: update.words,
            media_url: photo.map(|photo| self.photo_url(photo.id)).or_else(|| update.media_urls.into_iter().next()),
        }
    }
}

fn is_for_staff(service: &Service) -> bool {
    service.visibility == Visibility::StaffOnly
}

/// The services of which the public sees nothing.
pub(crate) fn for_staff(catalog: &Catalog) -> Vec<String> {
    catalog.services.iter().filter(|service| is_for_staff(service)).map(|service| service.code.clone()).collect()
}

fn step(status: Status) -> &'static str {
    match status {
        Status::Received => "Received",
        Status::Assigned => "Assigned",
        Status::Scheduled => "Scheduled",
        Status::UnderWay => "Under way",
        Status::Waiting => "Waiting for an answer",
        Status::Closed => "Closed",
    }
}
