//! Keys by which apps and other systems write. The key is shown once, when it is made; the database knows its SHA-256.

use std::fmt;

use db::Db;
use events::{Actor, NewEvent};
use futures::FutureExt;
use kernel::{Clock, Ids, JurisdictionId, Problem, Timestamp};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::StaffError;
use crate::error::Problems;
use crate::store;

/// What every key begins with, so that people and secret scanners know one when they see it.
const PREFIX: &str = "ck_";

/// A key's record. The key itself is not in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiKey {
    /// The id that events and lists name.
    pub id: Uuid,
    /// Whose it is, in the operator's words.
    pub name: String,
    /// What it may do.
    pub rights: Rights,
    /// When it was made.
    pub created_at: Timestamp,
    /// Since when it opens nothing any more.
    pub revoked_at: Option<Timestamp>,
}

/// What a key may do beyond reading what is public. Written as words: `create update close read-private`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rights {
    /// `create`: open requests.
    pub may_create: bool,
    /// `update`: post updates to requests.
    pub may_update: bool,
    /// `close`: close a request by posting an update with a closing status.
    pub may_close: bool,
    /// `read-private`: read what the public does not see, residents' contacts included.
    pub may_read_private: bool,
}

impl Rights {
    /// What a resident's app needs: create and update.
    pub const APP: Self = Self { may_create: true, may_update: true, may_close: false, may_read_private: false };
    /// Everything, for a department's own system.
    pub const ALL: Self = Self { may_create: true, may_update: true, may_close: true, may_read_private: true };

    /// Reads words set apart by commas or blanks.
    ///
    /// # Errors
    /// A [`Problem`] naming `rights` for a word that is no right.
    pub fn parse(text: &str) -> Result<Self, Problem> {
        let mut rights = Self::default();
        for word in text.split([',', ' ']).filter(|word| !word.is_empty()) {
            match word {
                "create" => rights.may_create = true,
                "update" => rights.may_update = true,
                "close" => rights.may_close = true,
                "read-private" => rights.may_read_private = true,
                _ => return Err(Problem::new("rights", format!("may be create, update, close and read-private, not {word:?}"))),
            }
        }
        Ok(rights)
    }
}

impl fmt::Display for Rights {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words = [(self.may_create, "create"), (self.may_update, "update"), (self.may_close, "close"), (self.may_read_private, "read-private")];
        f.write_str(&words.into_iter().filter(|(may, _)| *may).map(|(_, word)| word).collect::<Vec<_>>().join(" "))
    }
}

/// Lower-case hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    bytes.iter().flat_map(|byte| [DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]]).map(char::from).collect()
}

/// What the database knows of a key, or `None` for a text that cannot be one: such a text needs no look at the database.
pub(crate) fn hash(key: &str) -> Option<String> {
    let secret = key.strip_prefix(PREFIX)?;
    let shaped = secret.len() == 64 && secret.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    shaped.then(|| hex(&Sha256::digest(key.as_bytes())))
}

/// Makes a key. The second part of the answer is the key itself, which is not kept: show it once.
///
/// # Errors
/// [`StaffError::Problems`] naming `name`; [`StaffError::NoJurisdiction`].
pub async fn create_api_key(
    db: &Db,
    clock: &Clock,
    ids: &Ids,
    jurisdiction: JurisdictionId,
    name: &str,
    rights: Rights,
) -> Result<(ApiKey, String), StaffError> {
    let mut problems = Problems::default();
    let name = problems.line("name", name, 120);
    problems.done()?;
    let key = format!("{PREFIX}{}", hex(&ids.bytes::<32>()));
    let hash = hex(&Sha256::digest(key.as_bytes()));
    let record = ApiKey { id: ids.next(), name, rights, created_at: clock.now(), revoked_at: None };
    let event_id = ids.next();
    let record = db
        .write(move |tx| {
            async move {
                if store::jurisdictions::jurisdiction(tx.conn(), jurisdiction).await?.is_none() {
                    return Err(StaffError::NoJurisdiction(jurisdiction));
                }
                store::api_keys::insert(tx, jurisdiction, &record, &hash).await?;
                events::append(tx, vec![event(jurisdiction, &record, event_id, "api-key.created", record.created_at)]).await?;
                Ok(record)
            }
            .boxed()
        })
        .await?;
    Ok((record, key))
}

/// Revokes a key: from now on it is not found. Revoking it again changes nothing.
///
/// # Errors
/// [`StaffError::NoApiKey`] when the jurisdiction has no such key.
pub async fn revoke_api_key(db: &Db, clock: &Clock, ids: &Ids, jurisdiction: JurisdictionId, id: Uuid) -> Result<ApiKey, StaffError> {
    let (at, event_id) = (clock.now(), ids.next());
    db.write(move |tx| {
        async move {
            let revoked = store::api_keys::revoke(tx, jurisdiction, id, at).await?;
            let record = store::api_keys::by_id(tx.conn(), jurisdiction, id).await?.ok_or(StaffError::NoApiKey(id))?;
            if revoked {
                events::append(tx, vec![event(jurisdiction, &record, event_id, "api-key.revoked", at)]).await?;
            }
            Ok(record)
        }
        .boxed()
    })
    .await
}

fn event(jurisdiction: JurisdictionId, key: &ApiKey, id: Uuid, kind: &'static str, at: Timestamp) -> NewEvent {
    let body = serde_json::json!({ "name": key.name, "rights": key.rights.to_string() });
    NewEvent {
        jurisdiction,
        id,
        subject_kind: "api-key",
        subject: key.id,
        kind,
        actor: Actor::System,
        occurred_at: at,
        recorded_at: at,
        body: body.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rights_are_words() {
        assert_eq!(Rights::parse("create,update").unwrap(), Rights::APP);
        assert_eq!(Rights::parse(" close create  read-private, update ").unwrap(), Rights::ALL);
        assert_eq!(Rights::parse("").unwrap(), Rights::default());
        assert_eq!(Rights::ALL.to_string(), "create update close read-private");
        assert_eq!(Rights::parse(&Rights::ALL.to_string()).unwrap(), Rights::ALL);
        assert_eq!(Rights::parse("create delete").unwrap_err().to_string(), "rights may be create, update, close and read-private, not \"delete\"");
    }

    #[test]
    fn only_what_can_be_a_key_is_looked_up() {
        let key = format!("ck_{}", "0f".repeat(32));
        // By `printf ck_0f0f… | sha256sum`.
        assert_eq!(hash(&key).unwrap(), "a33258709feea9a2c06af7e9b9c307b90339c3495e8eccfbd35139e1603d5a9c");
        for text in ["", "ck_", "ck_0f", "0f0f", &key[1..], &key.to_uppercase(), &format!("{key}0"), "ck_ééééééééééééééééééééééééééééééééé"]
        {
            assert_eq!(hash(text), None, "{text}");
        }
    }
}
