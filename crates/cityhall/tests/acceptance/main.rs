//! Cityhall as a city meets it: the built program on the command line, the server over HTTP, and everything that a room
//! cannot show alone. All acceptance tests live in this one binary; add a file here, not another binary.
#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test says what is wrong by failing")]

mod bodies;
mod clients;
mod crash;
mod doctor;
mod journey;
mod kept_apart;
mod pages;
mod program;
mod refused;
mod shown;
mod tables;
