//! The hub on both engines: Alder Falls takes, works and ends requests.
#![expect(clippy::unwrap_used, reason = "a test says what is wrong by failing")]

mod changes;
mod city;
mod importing;
mod intake;
