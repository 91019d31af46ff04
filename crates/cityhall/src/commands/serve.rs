//! `cityhall serve`.

use std::process::ExitCode;

use anyhow::Context as _;
use clap::Args;
use kernel::{Clock, Ids};

use super::{Place, say};
use crate::serve::{Server, told_to_stop};
use crate::{App, logs};

const EXAMPLES: &str = "\
Examples:
  cityhall serve
  cityhall serve --listen 0.0.0.0:3110 --public-url https://311.alderfalls.example
  cityhall serve --database postgres://cityhall@db.internal/cityhall --media s3://alder-falls-311/photos

The first line on standard output is the address served; the log is on standard error. SIGTERM or Ctrl-C ends the
calls in hand and stops. /healthz, /readyz and /metrics are for whoever watches. All settings: docs/settings.md.";

/// What `serve` takes besides.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub struct Serve {
    /// Address and port; port 0 takes a free one [default: 127.0.0.1:3110]
    #[arg(long, value_name = "ADDR")]
    listen: Option<String>,
    /// How the outside world reaches this server, such as https://311.alderfalls.example
    #[arg(long, value_name = "URL")]
    public_url: Option<String>,
    /// true or false: bring the tables up to date first [default: true]
    #[arg(long, value_name = "BOOL")]
    migrate_on_start: Option<String>,
    /// Jobs done at the same time on this node [default: 2]
    #[arg(long, value_name = "N")]
    workers: Option<String>,
    /// What discovery calls this server: production or test [default: production]
    #[arg(long, value_name = "TYPE")]
    endpoint_type: Option<String>,
}

impl Serve {
    pub(super) async fn run(self, place: &Place) -> anyhow::Result<ExitCode> {
        let Self { listen, public_url, migrate_on_start, workers, endpoint_type } = self;
        let own =
            [("listen", listen), ("public_url", public_url), ("migrate_on_start", migrate_on_start), ("workers", workers), ("endpoint_type", endpoint_type)];
        let settings = place.settings_with(own)?;
        logs::start(&settings);
        let server = Server::bind(settings.listen).await.with_context(|| format!("cannot listen on {}", settings.listen))?;
        let database = settings.database_shown();
        let clock = Clock::system();
        let app = App::open(settings, clock.clone(), Ids::system(clock)).await?;
        let address = server.address();
        tracing::info!(%address, database, version = env!("CARGO_PKG_VERSION"), "serving");
        say(&format!("Cityhall serves http://{address}"))?;
        server.run(app, told_to_stop()).await.context("the database could not be closed well")?;
        Ok(ExitCode::SUCCESS)
    }
}
