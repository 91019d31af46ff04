//! A government served: created, changed, looked up by its code. It is data; nothing in the program knows a city.

use db::{Db, DbError};
use events::{Actor, NewEvent};
use futures::FutureExt;
use jiff::tz::TimeZone;
use kernel::{Clock, Ids, JurisdictionId, Timestamp};
use uuid::Uuid;

use crate::StaffError;
use crate::error::Problems;
use crate::store;

/// How often a new number is tried when others create jurisdictions at the same moment.
const TRIES: usize = 10;

/// A government served.
#[derive(Clone, PartialEq)]
pub struct Jurisdiction {
    /// The first column of all its rows.
    pub id: JurisdictionId,
    /// How the outside world names it: Open311's `jurisdiction_id`.
    pub code: String,
    /// Its name for people.
    pub name: String,
    /// The IANA name of its time zone.
    pub timezone: String,
    /// 32 random bytes in hexadecimal, from which tokens and links of this jurisdiction are made. Never shown.
    pub secret: String,
    /// Whom to ask, as Open311 discovery tells it.
    pub contact: String,
    /// How to get an API key, as Open311 discovery tells it.
    pub key_service: String,
    /// Where its pages are seen from outside, without a slash at the end.
    pub public_url: Option<String>,
    /// When it was created.
    pub created_at: Timestamp,
    pub(crate) zone: TimeZone,
}

impl Jurisdiction {
    /// Its time zone.
    #[must_use]
    pub fn zone(&self) -> TimeZone {
        self.zone.clone()
    }

    /// The subject of the events that tell of the jurisdiction itself.
    #[must_use]
    pub fn subject(&self) -> Uuid {
        subject(self.id)
    }
}

// The secret stays out of logs.
impl std::fmt::Debug for Jurisdiction {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Jurisdiction")
            .field("id", &self.id)
            .field("code", &self.code)
            .field("name", &self.name)
            .field("timezone", &self.timezone)
            .finish_non_exhaustive()
    }
}

/// What a jurisdiction is created with.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NewJurisdiction {
    /// 1 to 80 letters A to Z, digits, dots, hyphens or underscores.
    pub code: String,
    /// Its name for people.
    pub name: String,
    /// The IANA name of its time zone, such as `America/Chicago`.
    pub timezone: String,
    /// Whom to ask; may be empty.
    pub contact: String,
    /// How to get an API key; may be empty.
    pub key_service: String,
}

/// What may be changed later. The code is what others call it, and the time zone is in every promise made: they stay.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct JurisdictionDetails {
    /// Its name for people.
    pub name: String,
    /// Whom to ask; may be empty.
    pub contact: String,
    /// How to get an API key; may be empty.
    pub key_service: String,
    /// Where its pages are seen from outside.
    pub public_url: Option<String>,
}

/// The zone of that name, with the name as the time zone database writes it.
pub(crate) fn zone_named(name: &str) -> Option<(String, TimeZone)> {
    let zone = TimeZone::get(name).ok().filter(|zone| !zone.is_unknown())?;
    let name = zone.iana_name()?.to_owned();
    Some((name, zone))
}

fn subject(id: JurisdictionId) -> Uuid {
    Uuid::from_u128(u128::from(id.0.unsigned_abs()))
}

impl NewJurisdiction {
    fn checked(&self, id: JurisdictionId, secret: String, created_at: Timestamp) -> Result<Jurisdiction, StaffError> {
        let Self { code, name, timezone, contact, key_service } = self;
        let mut problems = Problems::default();
        let code = problems.code("code", code);
        let name = problems.line("name", name, 200);
        let zone = zone_named(timezone.trim());
        if zone.is_none() {
            problems.add("timezone", "must be a name of the IANA time zone database, such as America/Chicago");
        }
        let contact = problems.optional_line("contact", contact, 500);
        let key_service = problems.optional_line("key_service", key_service, 500);
        problems.done()?;
        let (timezone, zone) = zone.unwrap_or_else(|| ("UTC".to_owned(), TimeZone::UTC));
        Ok(Jurisdiction { id, code, name, timezone, secret, contact, key_service, public_url: None, created_at, zone })
    }
}

/// Creates a jurisdiction, with a secret of its own.
///
/// # Errors
/// [`StaffError::Problems`] naming `code`, `name`, `timezone`, `contact` or `key_service`; [`StaffError::CodeTaken`].
pub async fn create_jurisdiction(db: &Db, clock: &Clock, ids: &Ids, new: NewJurisdiction) -> Result<Jurisdiction, StaffError> {
    let secret = crate::api_key::hex(&ids.bytes::<32>());
    // Checked before the database is asked, and so that the closure below only saves.
    let draft = new.checked(JurisdictionId(0), secret, clock.now())?;
    let mut tries = 0;
    loop {
        let (mut draft, event_id) = (draft.clone(), ids.next());
        let code = draft.code.clone();
        let made = db
            .write(move |tx| {
                async move {
                    draft.id = store::jurisdictions::next_id(tx).await?;
                    store::jurisdictions::insert(tx, &draft).await?;
                    events::append(tx, vec![event(&draft, event_id, "jurisdiction.created", draft.created_at)]).await?;
                    Ok::<_, DbError>(draft)
                }
                .boxed()
            })
            .await;
        match made {
            Ok(jurisdiction) => return Ok(jurisdiction),
            Err(error) if error.is_unique_violation("jurisdictions_code", "jurisdictions.code") => return Err(StaffError::CodeTaken(code)),
            Err(error) if error.is_unique_violation("jurisdictions_pkey", "jurisdictions.jurisdiction_id") && tries < TRIES => tries += 1,
            Err(error) => return Err(error.into()),
        }
    }
}

/// Changes what may be changed; saying the same again changes nothing.
///
/// # Errors
/// [`StaffError::Problems`] naming `name`, `contact`, `key_service` or `public_url`; [`StaffError::NoJurisdiction`].
pub async fn change_jurisdiction(db: &Db, clock: &Clock, ids: &Ids, id: JurisdictionId, details: JurisdictionDetails) -> Result<Jurisdiction, StaffError> {
    let JurisdictionDetails { name, contact, key_service, public_url } = details;
    let mut problems = Problems::default();
    let name = problems.line("name", &name, 200);
    let contact = problems.optional_line("contact", &contact, 500);
    let key_service = problems.optional_line("key_service", &key_service, 500);
    let public_url = public_url.map(|url| problems.line("public_url", &url, 500).trim_end_matches('/').to_owned());
    let web = |url: &str| (url.starts_with("https://") || url.starts_with("http://")) && url.parse::<Url>().is_ok();
    if public_url.as_deref().is_some_and(|url| !url.is_empty() && !web(url)) {
        problems.add("public_url", "must be a web address, such as https://311.alderfalls.example");
    }
    problems.done()?;
    let (at, event_id) = (clock.now(), ids.next());
    db.write(move |tx| {
        async move {
            let before = store::jurisdictions::for_change(tx, id).await?.ok_or(StaffError::NoJurisdiction(id))?;
            let after = Jurisdiction { name, contact, key_service, public_url, ..before.clone() };
            if after != before {
                store::jurisdictions::update(tx, &after).await?;
                events::append(tx, vec![event(&after, event_id, "jurisdiction.changed", at)]).await?;
            }
            Ok(after)
        }
        .boxed()
    })
    .await
}

/// A web address as far as this room must know one: a scheme, a host, no blanks or quotes.
struct Url;

impl std::str::FromStr for Url {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (_, rest) = text.split_once("://").ok_or(())?;
        let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
        let plain = |c: char| c.is_ascii_graphic() && !matches!(c, '"' | '\'' | '<' | '>' | '\\' | '`' | '{' | '}' | '|' | '^');
        if host.is_empty() || !text.chars().all(plain) { Err(()) } else { Ok(Self) }
    }
}

fn event(jurisdiction: &Jurisdiction, id: Uuid, kind: &'static str, at: Timestamp) -> NewEvent {
    let Jurisdiction { id: number, code, name, timezone, contact, key_service, public_url, secret: _, created_at: _, zone: _ } = jurisdiction;
    let body =
        serde_json::json!({ "code": code, "name": name, "timezone": timezone, "contact": contact, "key_service": key_service, "public_url": public_url });
    NewEvent {
        jurisdiction: *number,
        id,
        subject_kind: "jurisdiction",
        subject: subject(*number),
        kind,
        actor: Actor::System,
        occurred_at: at,
        recorded_at: at,
        body: body.to_string(),
    }
}
