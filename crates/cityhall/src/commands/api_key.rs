//! `cityhall api-key`.

use std::process::ExitCode;

use clap::{Args, Subcommand};
use staff::Rights;
use uuid::Uuid;

use super::{Missing, Place, Whose, done, note, say};

/// What can be done with API keys.
#[derive(Debug, Subcommand)]
pub enum ApiKeys {
    /// Make a key and print it, alone, on standard output; it cannot be shown again
    ///
    /// Example: KEY=$(cityhall api-key create --name "Pothole app")
    Create(Create),
    /// List the keys (never the keys themselves): id, rights, made, revoked, name, set apart by tabs
    List(Whose),
    /// End a key's rights at once
    ///
    /// Example: cityhall api-key revoke 01900000-0000-7000-8000-000000000001
    Revoke(Revoke),
}

/// A new key.
#[derive(Args, Debug)]
pub struct Create {
    #[command(flatten)]
    whose: Whose,
    /// Whose key it is, in your words
    #[arg(long)]
    name: String,
    /// An update posted with a closing status closes its request
    #[arg(long)]
    may_close: bool,
    /// What the public does not see may be read, residents' contacts included
    #[arg(long)]
    may_read_private: bool,
    /// No requests may be opened
    #[arg(long)]
    no_create: bool,
    /// No updates may be posted
    #[arg(long, conflicts_with = "may_close")]
    no_update: bool,
}

/// Which key.
#[derive(Args, Debug)]
pub struct Revoke {
    #[command(flatten)]
    whose: Whose,
    /// Its id, as `api-key list` shows it
    id: Uuid,
}

impl ApiKeys {
    pub(super) async fn run(self, place: &Place) -> anyhow::Result<ExitCode> {
        let desk = place.desk(Missing::Refuse).await?;
        match self {
            Self::Create(Create { whose, name, may_close, may_read_private, no_create, no_update }) => {
                let jurisdiction = desk.jurisdiction(&whose).await?;
                let rights = Rights { may_create: !no_create, may_update: !no_update, may_close, may_read_private };
                let (record, key) = staff::create_api_key(&desk.db, &desk.clock, &desk.ids, jurisdiction.id, &name, rights).await?;
                say(&key)?;
                note(&format!("Key {} of {} may: {}. Keep it safe: it is not shown again.", record.id, record.name, rights));
            }
            Self::List(whose) => {
                let jurisdiction = desk.jurisdiction(&whose).await?;
                for key in staff::api_keys(desk.db.read(), jurisdiction.id).await? {
                    let revoked = key.revoked_at.map_or_else(|| "-".to_owned(), |at| at.to_string());
                    say(&format!("{}\t{}\t{}\t{revoked}\t{}", key.id, key.rights, key.created_at, key.name))?;
                }
            }
            Self::Revoke(Revoke { whose, id }) => {
                let jurisdiction = desk.jurisdiction(&whose).await?;
                let key = staff::revoke_api_key(&desk.db, &desk.clock, &desk.ids, jurisdiction.id, id).await?;
                say(&format!("The key {} of {} opens nothing any more.", key.id, key.name))?;
            }
        }
        desk.close().await?;
        done()
    }
}
