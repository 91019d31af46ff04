//! What a request is made of, and what is needed to open one.

use std::collections::BTreeMap;

use bytes::Bytes;
use events::Actor;
use kernel::calendar::Amount;
use kernel::{Email, LatLon, Phone, Timestamp};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::status::{Channel, Outcome, Status};

kernel::uuid_id! {
    /// A request's id inside this program. Residents see its number.
    RequestId
}

kernel::uuid_id! {
    /// A photo's id, also in its address.
    PhotoId
}

/// Where the work is. Every part may be missing, but not all of them.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Place {
    /// The point on the map.
    pub point: Option<LatLon>,
    /// The address as text, from specific to general.
    pub address: Option<String>,
    /// Its id in the city's address register.
    pub address_id: Option<String>,
    /// Its postal code.
    pub zip: Option<String>,
    /// The place in the resident's words, where there is no address ("under the bridge").
    pub note: Option<String>,
}

impl Place {
    /// Whether nothing is known.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.point.is_none() && self.address.is_none() && self.address_id.is_none() && self.note.is_none()
    }
}

/// An area in which a request lies, frozen when it was opened or moved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FrozenArea {
    /// The area's name ("District 3").
    pub name: String,
    /// Which edition of the lines said so.
    pub edition: String,
    /// Whether those lines were in force on the day.
    #[serde(default = "yes", skip_serializing_if = "is_true")]
    pub in_force: bool,
}

fn yes() -> bool {
    true
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn is_true(value: &bool) -> bool {
    *value
}

/// The promise as it was frozen at intake: which versions gave the date. A later change of a target changes nothing here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "by", rename_all = "kebab-case")]
pub enum FrozenPromise {
    /// Computed from a target of the catalog.
    Target {
        /// The target's code.
        target: String,
        /// Its version.
        target_version: i32,
        /// The calendar's code.
        calendar: String,
        /// Its version.
        calendar_version: i32,
        /// The version of the formula.
        formula_version: i32,
        /// How long was allowed.
        amount: Amount,
        /// The date as first promised, before any pause moved it.
        first_due_at: Timestamp,
    },
    /// Promised by another system from which the request was imported.
    Imported {
        /// In that system's words, where it had some ("4 Business Days").
        #[serde(default, skip_serializing_if = "Option::is_none")]
        words: Option<String>,
    },
}

/// Why a request went where it went.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FrozenRouting {
    /// The rule that decided, or nothing where the service's own department did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
    /// The version of the rules.
    pub version: i32,
    /// In plain words.
    pub why: String,
}

/// One asked-for piece of work.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Request {
    /// Its id.
    pub id: RequestId,
    /// The number that residents know: our own tracking number, or that of the system it was imported from.
    pub number: String,
    /// The system it was imported from; nothing for our own.
    pub origin: Option<String>,
    /// What the imported row looked like, to tell whether it changed.
    pub fingerprint: Option<i64>,
    /// The service's code in the catalog.
    pub service_code: String,
    /// Where it stands.
    pub status: Status,
    /// How it ended; present exactly when it is closed.
    pub outcome: Option<Outcome>,
    /// The latest public words about it.
    pub explanation: Option<String>,
    /// Its priority's code, as the catalog names priorities.
    pub priority: String,
    /// How it arrived.
    pub channel: Channel,
    /// The department that has it.
    pub department: Option<String>,
    /// The team in the department.
    pub work_group: Option<String>,
    /// The person who has it.
    pub assignee: Option<String>,
    /// Never shown to the public.
    pub private: bool,
    /// Where the work is.
    pub place: Place,
    /// Whether that is inside the city's limits, where they are known.
    pub in_city: Option<bool>,
    /// Layer → area.
    pub areas: BTreeMap<String, FrozenArea>,
    /// In the resident's words.
    pub description: Option<String>,
    /// Question's code → answers.
    pub answers: BTreeMap<String, Vec<String>>,
    /// Pictures and pages elsewhere that the sender named.
    pub media_urls: Vec<String>,
    /// When the resident asked.
    pub requested_at: Timestamp,
    /// When it was written here.
    pub recorded_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// When it ended.
    pub closed_at: Option<Timestamp>,
    /// The promised date.
    pub due_at: Option<Timestamp>,
    /// How the date came about.
    pub promise: Option<FrozenPromise>,
    /// Since when the promise's clock stands still.
    pub paused_at: Option<Timestamp>,
    /// Why it went where it went.
    pub routing: Option<FrozenRouting>,
    /// The request that this one repeats.
    pub parent: Option<RequestId>,
    /// What the source system said beyond all this (its own flags, the district it recorded).
    pub source_fields: BTreeMap<String, String>,
    /// Grows by one with each change; who edits says which one was seen.
    pub revision: i32,
}

/// Who asked, as far as they said.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reporter {
    /// Given name.
    pub first_name: Option<String>,
    /// Family name.
    pub last_name: Option<String>,
    /// E-mail address.
    pub email: Option<Email>,
    /// Telephone number.
    pub phone: Option<Phone>,
    /// The sender's device.
    pub device_id: Option<String>,
    /// The sender's account in another system.
    pub account_id: Option<String>,
    /// The language in which to answer (BCP 47).
    pub language: Option<String>,
}

impl Reporter {
    /// Whether nothing was said.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Whether there is a way to reach the person.
    #[must_use]
    pub fn can_be_reached(&self) -> bool {
        self.email.is_some() || self.phone.is_some()
    }
}

/// A file that came with a request or an update. What it is, is found out from its content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Upload {
    /// The form's field, for messages.
    pub field: String,
    /// The bytes as sent.
    pub content: Bytes,
}

/// Marks one sending, so that the same one sent twice makes one request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdempotencyKey {
    /// Who sends: keys of different senders never meet.
    pub client: String,
    /// The sender's own text, at most 200 characters.
    pub key: String,
}

/// What is needed to open a request.
#[derive(Clone, Debug)]
pub struct NewRequest {
    /// Who does it.
    pub actor: Actor,
    /// The service's code.
    pub service_code: String,
    /// How it arrived.
    pub channel: Channel,
    /// The priority's code; nothing takes the service's own.
    pub priority: Option<String>,
    /// Where.
    pub place: Place,
    /// In the resident's words.
    pub description: Option<String>,
    /// Question's code and what was answered, as sent.
    pub answers: Vec<(String, Vec<String>)>,
    /// Who asked.
    pub reporter: Reporter,
    /// Photos.
    pub uploads: Vec<Upload>,
    /// Pictures and pages elsewhere.
    pub media_urls: Vec<String>,
    /// Set when the sender marks its sendings.
    pub idempotency: Option<IdempotencyKey>,
    /// When the resident asked, if that was before now (a letter, an offline van).
    pub requested_at: Option<Timestamp>,
}

/// A photo as it is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Photo {
    /// Its id.
    pub id: PhotoId,
    /// The request that it belongs to.
    pub request: RequestId,
    /// The update that it came with, if not with the request itself.
    pub update: Option<Uuid>,
    /// Its key in the object store.
    pub object: String,
    /// Pixels across.
    pub width: i32,
    /// Pixels down.
    pub height: i32,
    /// Length in bytes.
    pub bytes: i64,
    /// Not for the public.
    pub private: bool,
    /// When it was kept.
    pub recorded_at: Timestamp,
}

/// Words and state made known about a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestUpdate {
    /// Its id, unique for ever.
    pub id: Uuid,
    /// The request.
    pub request: RequestId,
    /// The request's number.
    pub number: String,
    /// Where the request stood afterwards.
    pub status: Status,
    /// How it had ended.
    pub outcome: Option<Outcome>,
    /// The words.
    pub words: Option<String>,
    /// Pictures elsewhere.
    pub media_urls: Vec<String>,
    /// Shown to the public.
    pub public: bool,
    /// When it happened, as its author says.
    pub updated_at: Timestamp,
    /// When it was made known here.
    pub recorded_at: Timestamp,
}
