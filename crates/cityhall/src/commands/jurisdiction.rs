//! `cityhall jurisdiction`.

use std::process::ExitCode;

use clap::{Args, Subcommand};
use staff::{JurisdictionDetails, NewJurisdiction};

use super::{Missing, Place, Whose, done, say};

/// What can be done with jurisdictions.
#[derive(Debug, Subcommand)]
pub enum Jurisdictions {
    /// Begin to serve a government
    ///
    /// Example: cityhall jurisdiction create --code alderfalls.example --name "City of Alder Falls" --timezone America/Chicago
    Create(Create),
    /// Change what people read about a government
    ///
    /// Example: cityhall jurisdiction change --contact "311@alderfalls.example or 311"
    Change(Change),
    /// List the governments served: code, time zone and name, a line each
    List,
}

/// A new jurisdiction.
#[derive(Args, Debug)]
pub struct Create {
    /// How programs name it, by custom its web domain; it never changes
    #[arg(long)]
    code: String,
    /// Its name for people
    #[arg(long)]
    name: String,
    /// Its time zone, such as America/Chicago; it never changes
    #[arg(long, value_name = "TZ")]
    timezone: String,
    /// Whom to ask about the API, as discovery tells it
    #[arg(long, default_value = "")]
    contact: String,
    /// How to get an API key, as discovery tells it
    #[arg(long, default_value = "")]
    key_service: String,
}

/// Changed details; what is not given stays.
#[derive(Args, Debug)]
pub struct Change {
    #[command(flatten)]
    whose: Whose,
    /// Its name for people
    #[arg(long)]
    name: Option<String>,
    /// Whom to ask about the API
    #[arg(long)]
    contact: Option<String>,
    /// How to get an API key
    #[arg(long)]
    key_service: Option<String>,
    /// Where its pages are seen from outside
    #[arg(long, value_name = "URL")]
    public_url: Option<String>,
}

impl Jurisdictions {
    pub(super) async fn run(self, place: &Place) -> anyhow::Result<ExitCode> {
        match self {
            Self::Create(Create { code, name, timezone, contact, key_service }) => {
                let desk = place.desk(Missing::Make).await?;
                let new = NewJurisdiction { code, name, timezone, contact, key_service };
                let made = staff::create_jurisdiction(&desk.db, &desk.clock, &desk.ids, new).await?;
                say(&format!("{} ({}) is served from now on; its time zone is {}.", made.name, made.code, made.timezone))?;
                desk.close().await?;
            }
            Self::Change(Change { whose, name, contact, key_service, public_url }) => {
                let desk = place.desk(Missing::Refuse).await?;
                let now = desk.jurisdiction(&whose).await?;
                let details = JurisdictionDetails {
                    name: name.unwrap_or_else(|| now.name.clone()),
                    contact: contact.unwrap_or_else(|| now.contact.clone()),
                    key_service: key_service.unwrap_or_else(|| now.key_service.clone()),
                    public_url: public_url.or_else(|| now.public_url.clone()),
                };
                let changed = staff::change_jurisdiction(&desk.db, &desk.clock, &desk.ids, now.id, details).await?;
                say(&if changed == now { "Nothing changed.".to_owned() } else { format!("{} ({}) was changed.", changed.name, changed.code) })?;
                desk.close().await?;
            }
            Self::List => {
                let desk = place.desk(Missing::Refuse).await?;
                for jurisdiction in staff::jurisdictions(desk.db.read()).await? {
                    say(&format!("{}\t{}\t{}", jurisdiction.code, jurisdiction.timezone, jurisdiction.name))?;
                }
                desk.close().await?;
            }
        }
        done()
    }
}
