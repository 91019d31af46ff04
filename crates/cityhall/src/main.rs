//! The program `cityhall`.

use std::process::ExitCode;

use clap::Parser as _;

#[tokio::main]
async fn main() -> ExitCode {
    // Boxed, because a command's whole work lies in this one future.
    Box::pin(cityhall::commands::run(cityhall::commands::Cli::parse())).await
}
