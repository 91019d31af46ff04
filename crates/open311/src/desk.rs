//! What every call needs: which city is meant, who sends, where this server is seen from outside.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use catalog::Catalog;
use db::DbError;
use http::HeaderMap;
use http::header::HOST;
use requests::Requests;
use staff::{ApiKey, Jurisdiction, Rights};

use crate::Settings;
use crate::fields::Fields;
use crate::refusal::Refusal;

/// How long a jurisdiction that another process made may go unnoticed by calls that name none.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// The counter at which calls are answered.
pub(crate) struct Desk {
    pub requests: Requests,
    pub settings: Settings,
    known: Mutex<Option<Known>>,
}

#[derive(Clone)]
struct Known {
    jurisdictions: Arc<Vec<Jurisdiction>>,
    looked_at: Instant,
}

impl Desk {
    pub(crate) fn new(requests: Requests, settings: Settings) -> Self {
        Self { requests, settings, known: Mutex::new(None) }
    }

    /// The governments served, as they were at most a second ago.
    pub(crate) async fn jurisdictions(&self) -> Result<Arc<Vec<Jurisdiction>>, DbError> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner).clone();
        match known {
            Some(known) if known.looked_at.elapsed() < LOOK_EVERY && !known.jurisdictions.is_empty() => Ok(known.jurisdictions),
            _ => self.look_again().await,
        }
    }

    async fn look_again(&self) -> Result<Arc<Vec<Jurisdiction>>, DbError> {
        let looked_at = Instant::now();
        let jurisdictions = Arc::new(staff::jurisdictions(self.requests.db().read()).await?);
        *self.known.lock().unwrap_or_else(PoisonError::into_inner) = Some(Known { jurisdictions: Arc::clone(&jurisdictions), looked_at });
        Ok(jurisdictions)
    }

    /// The government that a call means: the named one, or the only one.
    pub(crate) async fn jurisdiction(&self, fields: &Fields) -> Result<Jurisdiction, Refusal> {
        let known = self.jurisdictions().await?;
        let Some(code) = fields.get("jurisdiction_id")? else {
            return match known.as_slice() {
                [only] => Ok(only.clone()),
                [] => Err(Refusal::NotFound("No jurisdiction is served here yet.".to_owned())),
                _ => Err(Refusal::field("jurisdiction_id", "is required, because this server speaks for several")),
            };
        };
        match self.named(code).await? {
            Some(jurisdiction) => Ok(jurisdiction),
            None => Err(Refusal::NotFound("jurisdiction_id was not found.".to_owned())),
        }
    }

    /// The government with this code.
    pub(crate) async fn named(&self, code: &str) -> Result<Option<Jurisdiction>, DbError> {
        let find = |known: &[Jurisdiction]| known.iter().find(|j| j.code == code).cloned();
        match find(&self.jurisdictions().await?) {
            Some(jurisdiction) => Ok(Some(jurisdiction)),
            None => staff::jurisdiction_by_code(self.requests.db().read(), code).await,
        }
    }

    pub(crate) async fn catalog(&self, jurisdiction: &Jurisdiction) -> Result<Arc<Catalog>, Refusal> {
        Ok(self.requests.catalogs().get(jurisdiction).await?)
    }

    /// The sender's key, if it holds the right. `to` says what for, worded to follow "may not".
    pub(crate) async fn key(&self, jurisdiction: &Jurisdiction, fields: &Fields, may: fn(&Rights) -> bool, to: &str) -> Result<ApiKey, Refusal> {
        let given = fields.get("api_key")?.ok_or_else(|| Refusal::Forbidden("api_key is missing.".to_owned()))?;
        let key = staff::api_key(self.requests.db().read(), jurisdiction.id, given).await?;
        let key = key.ok_or_else(|| Refusal::Forbidden("Invalid api_key.".to_owned()))?;
        if may(&key.rights) { Ok(key) } else { Err(Refusal::Forbidden(format!("This api_key may not {to}."))) }
    }

    /// Where this server is seen from outside, without a slash at the end: as the city says, as the installation says, or as
    /// the caller sees it.
    pub(crate) fn base_url(&self, jurisdiction: &Jurisdiction, headers: &HeaderMap) -> String {
        let set = jurisdiction.public_url.as_deref().or(self.settings.public_url.as_deref()).filter(|url| !url.is_empty());
        set.map_or_else(|| seen_by(headers), |url| url.trim_end_matches('/').to_owned())
    }
}

fn seen_by(headers: &HeaderMap) -> String {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let plain = |host: &&str| !host.is_empty() && host.bytes().all(|b| b.is_ascii_alphanumeric() || b".-:[]".contains(&b));
    let host = text(HOST.as_str()).filter(plain).unwrap_or("localhost");
    let scheme = if text("x-forwarded-proto").is_some_and(|proto| proto.trim().eq_ignore_ascii_case("https")) { "https" } else { "http" };
    format!("{scheme}://{host}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_callers_view_makes_an_address_only_of_a_plain_host() {
        let of = |host: &'static str, proto: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(HOST, host.parse().unwrap());
            headers.insert("x-forwarded-proto", proto.parse().unwrap());
            seen_by(&headers)
        };
        assert_eq!(of("311.alderfalls.example:3110", ""), "http://311.alderfalls.example:3110");
        assert_eq!(of("[::1]:3110", "https"), "https://[::1]:3110");
        assert_eq!(of("evil/<script>", "gopher"), "http://localhost");
    }
}
