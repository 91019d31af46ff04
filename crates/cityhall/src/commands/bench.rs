//! `cityhall bench`.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;

use super::{Place, done, say};
use crate::bench::{Size, run};

const EXAMPLES: &str = "\
Examples:
  cityhall bench --quick
  cityhall bench --requests 4000000 --folder /var/lib/cityhall
  cityhall bench --database postgres://postgres@127.0.0.1/postgres

It measures in a folder, and on PostgreSQL in a database, of its own; both are removed afterwards. Nothing but this
machine (127.0.0.1) is called. Ratios of one run can be compared between machines, figures cannot.";

/// `bench`.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub struct Bench {
    /// Less of everything: a look in about a minute
    #[arg(long)]
    quick: bool,
    /// Requests in the database while reads are measured [default: 400000]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1_000..=20_000_000))]
    requests: Option<u64>,
    /// Addresses that are searched [default: 200000]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1_000..=2_000_000))]
    addresses: Option<u32>,
    /// Where the temporary folder is made: its disk is what is measured
    #[arg(long, value_name = "FOLDER", default_value = ".")]
    folder: PathBuf,
}

impl Bench {
    pub(super) async fn run(self, place: &Place) -> anyhow::Result<ExitCode> {
        place.quiet_log(&place.settings()?);
        let mut size = if self.quick { Size::QUICK } else { Size::FULL };
        if let Some(requests) = self.requests {
            size.requests = requests;
        }
        if let Some(addresses) = self.addresses {
            size.addresses = usize::try_from(addresses)?;
        }
        let mut broken = None;
        let mut tell = |line: &str| {
            if let Err(error) = say(line) {
                broken = Some(error);
            }
        };
        run(size, &self.folder, place.database.as_deref(), &mut tell).await?;
        match broken {
            Some(error) => Err(error.into()),
            None => done(),
        }
    }
}
