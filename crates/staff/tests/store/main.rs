//! Jurisdictions, departments and API keys on both engines.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test says what is wrong by failing")]

mod api_keys;
mod departments;
mod jurisdictions;

use events::Event;
use kernel::{Email, JurisdictionId};
use staff::{Department, Jurisdiction, NewJurisdiction, WorkGroup};
use testkit::{TestDb, alder_falls};
use uuid::Uuid;

fn new_alder_falls() -> NewJurisdiction {
    NewJurisdiction {
        code: alder_falls::CODE.to_owned(),
        name: alder_falls::NAME.to_owned(),
        timezone: alder_falls::TIMEZONE.to_owned(),
        contact: "311@alderfalls.example".to_owned(),
        key_service: "https://311.alderfalls.example/keys".to_owned(),
    }
}

/// Alder Falls, with the tables of the room.
async fn city(t: &TestDb) -> Jurisdiction {
    t.migrate(&[events::MIGRATIONS, staff::MIGRATIONS]).await;
    staff::create_jurisdiction(&t.db, &t.clock, &t.ids, new_alder_falls()).await.unwrap()
}

fn public_works() -> Department {
    Department {
        code: "public-works".to_owned(),
        name: "Public Works".to_owned(),
        email: Some(Email::parse("works@alderfalls.example").unwrap()),
        phone: Some("515-555-0100 ext. 4".to_owned()),
        work_groups: vec![group("streets", "Streets"), group("signals", "Signs and signals")],
    }
}

fn department(code: &str, name: &str) -> Department {
    Department { code: code.to_owned(), name: name.to_owned(), email: None, phone: None, work_groups: Vec::new() }
}

fn group(code: &str, name: &str) -> WorkGroup {
    WorkGroup { code: code.to_owned(), name: name.to_owned() }
}

/// The kinds of the events that tell of one thing.
async fn told(t: &TestDb, jurisdiction: JurisdictionId, subject: Uuid) -> Vec<Event> {
    events::history(t.db.read(), jurisdiction, subject).await.unwrap()
}
