//! `requests`, posted: a request made by an app or another system.

use bytes::Bytes;
use catalog::{Intake, Visibility};
use events::Actor;
use kernel::text::clean_line;
use kernel::{Email, Phone, Problem};
use requests::{Channel, IdempotencyKey, NewRequest, OpenError, Place, Reporter};
use sha2::{Digest, Sha256};
use staff::ApiKey;

use super::{Call, list_requests};
use crate::document::Document;
use crate::fields::Fields;
use crate::refusal::Refusal;
use crate::wire::{self, Created};

/// What FixMyStreet sends as `address_id` when its user could not say where.
const NOT_PINPOINTED: &str = "#NOTPINPOINTED#";
/// The most characters of a sender's mark.
const MOST_KEY: usize = 200;
/// The most characters of a description.
const MOST_DESCRIPTION: usize = 4_000;

pub(crate) async fn answer(call: Call<'_>) -> Result<Document, Refusal> {
    let Call { desk, headers, address: _, mut fields } = call;
    let jurisdiction = desk.jurisdiction(&fields).await?;
    let key = desk.key(&jurisdiction, &fields, |rights| rights.may_create, "create requests").await?;
    let code = fields.get("service_code")?.ok_or_else(|| Refusal::field("service_code", "is required"))?.to_owned();
    let catalog = desk.catalog(&jurisdiction).await?;
    let service = catalog.service(&code).filter(|service| service.visibility != Visibility::StaffOnly).ok_or_else(|| unknown(&code))?;
    let mark = headers.get("Idempotency-Key").map(http::HeaderValue::to_str).transpose();
    let mark = mark.map_err(|_| Refusal::field("Idempotency-Key", "must be plain ASCII"))?;
    let new = new_request(&mut fields, code, &key, mark).map_err(Refusal::Problems)?;
    let created = match service.kind {
        Intake::Realtime => Created::Number(desk.requests.open(&jurisdiction, new).await?.request.number),
        Intake::Batch => Created::Token(desk.requests.receive(&jurisdiction, new).await?),
        Intake::Blackbox => {
            desk.requests.open(&jurisdiction, new).await?;
            Created::Nothing
        }
    };
    Ok(wire::created(created, service.notice.clone()))
}

fn unknown(_code: &str) -> Refusal {
    Refusal::NotFound("service_code was not found.".to_owned())
}

impl From<OpenError> for Refusal {
    fn from(error: OpenError) -> Self {
        match error {
            OpenError::UnknownService(code) => unknown(&code),
            OpenError::NotOffered { service, why } => Self::field("service_code", format!("names a service that is not to be asked for: {service} {why}")),
            OpenError::Problems(problems) => Self::Problems(problems),
            OpenError::KeyReused => Self::field("idempotency_key", "was used before for a different request"),
            fault @ (OpenError::Numbers | OpenError::Catalog(_) | OpenError::Places(_) | OpenError::Photos(_) | OpenError::Db(_)) => {
                Self::Fault(Box::new(fault))
            }
        }
    }
}

/// What was sent, read into what the hub takes; every problem is told at once.
fn new_request(fields: &mut Fields, service_code: String, key: &ApiKey, mark: Option<&str>) -> Result<NewRequest, Vec<Problem>> {
    let mut reading = Reading { problems: Vec::new(), fields };
    let place = reading.place();
    let description = reading.description();
    let answers = reading.answers();
    let reporter = reading.reporter();
    let media_urls = reading.media_urls();
    let mark = reading.mark(mark);
    let problems = reading.problems;
    if !problems.is_empty() {
        return Err(problems);
    }
    let client = format!("api-key:{}", key.id);
    let idempotency = mark.or_else(|| resent_by_fixmystreet(&answers, fields)).map(|key| IdempotencyKey { client, key });
    Ok(NewRequest {
        actor: Actor::ApiKey(key.id),
        service_code,
        channel: Channel::App,
        priority: None,
        place,
        description,
        answers,
        reporter,
        uploads: std::mem::take(&mut fields.files),
        media_urls,
        idempotency,
        requested_at: None,
    })
}

/// FixMyStreet sends a report again, with its own number of it, when it got no answer in time. The same number with the
/// same content is the same report; a report that was edited or moved to another service in between is a new one.
fn resent_by_fixmystreet(answers: &[(String, Vec<String>)], fields: &Fields) -> Option<String> {
    let (_, values) = answers.iter().find(|(code, _)| code == "fixmystreet_id")?;
    let id = values.first().filter(|id| id.len() <= 40)?;
    Some(format!("fixmystreet:{id}:{}", digest(fields)))
}

/// The call's content as a short text.
fn digest(fields: &Fields) -> String {
    let mut hash = Sha256::new();
    let mut add = |part: &[u8]| {
        hash.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
        hash.update(part);
    };
    for (name, value) in fields.content() {
        add(name.as_bytes());
        add(value.as_bytes());
    }
    fields.files.iter().map(|file| &file.content).for_each(|content: &Bytes| add(content));
    hash.finalize().iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}

/// Reads fields and gathers what is wrong with them.
struct Reading<'a> {
    problems: Vec<Problem>,
    fields: &'a Fields,
}

impl Reading<'_> {
    fn kept<T: Default>(&mut self, read: Result<T, Problem>) -> T {
        read.unwrap_or_else(|problem| {
            self.problems.push(problem);
            T::default()
        })
    }

    fn text(&mut self, name: &str) -> Option<String> {
        let read = self.fields.get(name).map(|text| text.map(str::to_owned));
        self.kept(read)
    }

    fn place(&mut self) -> Place {
        let point = list_requests::point(self.fields).unwrap_or_else(|mut problems| {
            self.problems.append(&mut problems);
            None
        });
        if point.is_some_and(|point| point.lat == 0.0 && point.lon == 0.0) {
            self.problems.push(Problem::new("lat", "and long are 0,0, which stands for an unknown place: send address_string instead"));
        }
        let address = self.text("address_string");
        let (address_id, note) = match self.text("address_id") {
            Some(id) if id == NOT_PINPOINTED => (None, Some("Not pinpointed on the map; see the description.".to_owned())),
            other => (other, None),
        };
        Place { point, address, address_id, zip: None, note }
    }

    fn description(&mut self) -> Option<String> {
        let read = self.fields.get("description").and_then(|text| kernel::text::optional_text("description", text.unwrap_or_default(), MOST_DESCRIPTION));
        self.kept(read)
    }

    fn answers(&mut self) -> Vec<(String, Vec<String>)> {
        let read = self.fields.attributes();
        self.kept(read)
    }

    fn media_urls(&mut self) -> Vec<String> {
        let read = self.fields.every("media_url").map(|urls| urls.into_iter().map(str::to_owned).collect());
        self.kept(read)
    }

    fn reporter(&mut self) -> Reporter {
        let contact = |name: &str, error: kernel::contact::NotAContact| Problem::new(name, error.to_string());
        let email = self.text("email").and_then(|text| self.kept(Email::parse(&text).map(Some).map_err(|error| contact("email", error))));
        let phone = self.text("phone").and_then(|text| self.kept(Phone::parse(&text).map(Some).map_err(|error| contact("phone", error))));
        Reporter {
            first_name: self.text("first_name"),
            // FixMyStreet's sign for a person with one name.
            last_name: self.text("last_name").filter(|name| name != "-"),
            email,
            phone,
            device_id: self.text("device_id"),
            account_id: self.text("account_id"),
            language: self.text("locale"),
        }
    }

    /// The sender's mark for this sending, from the header or the field.
    fn mark(&mut self, header: Option<&str>) -> Option<String> {
        let field = self.text("idempotency_key");
        let mark = header.map(clean_line).filter(|mark| !mark.is_empty()).or(field)?;
        if mark.chars().count() > MOST_KEY {
            self.problems.push(Problem::new("idempotency_key", format!("may have at most {MOST_KEY} characters")));
        }
        Some(mark)
    }
}
