//! Tells whether a row says something else than it did when it was last imported.

use requests::{FrozenArea, FrozenPromise, Place, Request};
use sha2::{Digest, Sha256};

/// Raised when the way of computing it changes: then every row counts as changed once.
const VERSION: u8 = 1;

/// Computes fingerprints, keeping its buffer.
#[derive(Default)]
pub(crate) struct Fingerprints(Vec<u8>);

impl Fingerprints {
    /// The first 64 bits of a SHA-256 over what the source says about a request, and the areas in which it lies. What this
    /// program adds (ids, a promise computed from the catalog) is left out: a new target changes no old promise.
    pub fn of(&mut self, request: &Request, parent_number: Option<&str>, promised: bool) -> i64 {
        let Request {
            id: _,
            number,
            origin,
            fingerprint: _,
            service_code,
            status,
            outcome,
            explanation,
            priority,
            channel,
            department,
            work_group,
            assignee: _,
            private,
            place: Place { point, address, address_id, zip, note },
            in_city,
            areas,
            description,
            answers: _,
            media_urls: _,
            requested_at,
            recorded_at: _,
            updated_at,
            closed_at,
            due_at,
            promise,
            paused_at: _,
            routing: _,
            parent: _,
            source_fields,
            revision: _,
        } = request;
        self.0.clear();
        self.0.push(VERSION);
        self.text(Some(number));
        self.text(origin.as_deref());
        self.text(Some(service_code));
        self.text(Some(status.code()));
        self.text(outcome.map(requests::Outcome::code));
        self.text(explanation.as_deref());
        self.text(Some(priority));
        self.text(Some(channel.code()));
        self.text(department.as_deref());
        self.text(work_group.as_deref());
        self.0.push(u8::from(*private));
        self.number(point.map(|p| p.lat.to_bits()));
        self.number(point.map(|p| p.lon.to_bits()));
        for text in [address, address_id, zip, note, description] {
            self.text(text.as_deref());
        }
        self.0.push(in_city.map_or(2, u8::from));
        for (layer, FrozenArea { name, edition, in_force }) in areas {
            self.text(Some(layer));
            self.text(Some(name));
            self.text(Some(edition));
            self.0.push(u8::from(*in_force));
        }
        for at in [Some(*requested_at), Some(*updated_at), *closed_at, due_at.filter(|_| promised)] {
            self.number(at.map(|at| at.millis().cast_unsigned()));
        }
        if let (true, Some(FrozenPromise::Imported { words })) = (promised, promise) {
            self.text(words.as_deref());
        }
        for (key, value) in source_fields {
            self.text(Some(key));
            self.text(Some(value));
        }
        self.text(parent_number);
        let digest = Sha256::digest(&self.0);
        let mut first = [0; 8];
        first.copy_from_slice(&digest[..8]);
        i64::from_le_bytes(first)
    }

    fn text(&mut self, text: Option<&str>) {
        self.number(text.map(|text| text.len() as u64));
        self.0.extend_from_slice(text.unwrap_or_default().as_bytes());
    }

    fn number(&mut self, number: Option<u64>) {
        self.0.push(u8::from(number.is_some()));
        self.0.extend_from_slice(&number.unwrap_or_default().to_le_bytes());
    }
}
