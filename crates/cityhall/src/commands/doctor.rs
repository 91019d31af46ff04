//! `cityhall doctor`.

use std::process::ExitCode;

use clap::Args;

use super::{Place, say};
use crate::doctor::{Finding, State, examine};

const EXAMPLES: &str = "\
Examples:
  cityhall doctor
  cityhall doctor --json | jq '.[] | select(.state != \"ok\")'

The exit status is 1 when something is wrong, and 0 when there are only notices.";

/// `doctor`.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub struct Doctor {
    /// Print a JSON list: check, state (ok, notice, wrong), what, mend
    #[arg(long)]
    json: bool,
    /// Do not look for every photo in its place
    #[arg(long)]
    quick: bool,
    /// Put jobs that gave up back into the queue
    #[arg(long)]
    retry_jobs: bool,
}

impl Doctor {
    pub(super) async fn run(self, place: &Place) -> anyhow::Result<ExitCode> {
        let settings = place.settings()?;
        place.quiet_log(&settings);
        let findings = examine(&settings, self.quick, self.retry_jobs).await;
        if self.json {
            say(&serde_json::to_string_pretty(&findings)?)?;
        } else {
            for Finding { check, state, what, mend } in &findings {
                let sign = match state {
                    State::Ok => "ok    ",
                    State::Notice => "NOTICE",
                    State::Wrong => "WRONG ",
                };
                say(&format!("{sign}  {check}: {what}"))?;
                if let Some(mend) = mend {
                    say(&format!("        → {mend}"))?;
                }
            }
            let wrong = findings.iter().filter(|f| f.state == State::Wrong).count();
            say(&match wrong {
                0 => "Nothing is wrong.".to_owned(),
                1 => "1 thing is wrong.".to_owned(),
                n => format!("{n} things are wrong."),
            })?;
        }
        Ok(if findings.iter().any(|f| f.state == State::Wrong) { ExitCode::from(1) } else { ExitCode::SUCCESS })
    }
}
