//! The room against the standard: Alder Falls behind its router on both engines, and every answer read with parsers that
//! others wrote and compared with the shapes of the contract.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test says what is wrong by failing")]

mod city;
mod creating;
mod discovery;
mod hostile;
mod jurisdictions;
mod photos;
mod reading;
mod recorded;
mod refusing;
mod services;
mod shapes;
mod updates;
