//! The spine: an append-only log of what happened, written in the transaction of the change, and the followers that
//! read it in order, never skipping an event and never repeating its effect.
//!
//! # Why followers read only below a horizon
//!
//! Each transaction draws one *stamp* ([`db::Tx::stamp`]) and all its events carry it. On SQLite there is one writer, so
//! stamps become visible in the order in which they were drawn. PostgreSQL commits out of order: the transaction with
//! stamp 7 may still be open when the one with stamp 8 is already visible. A follower that reads "everything after the
//! last I saw" would see 8, remember 8, and never see 7.
//!
//! There a stamp is the transaction's own number (`xid8`), and PostgreSQL tells the lowest number still in progress
//! (`pg_snapshot_xmin`). Every transaction below it has ended, so what it wrote is visible or was undone for good; and
//! every transaction that begins from now on gets a higher number. That is the *horizon* ([`db::Db::stamp_horizon`]).
//! It is asked for **before** the events are read: were it asked afterwards, a transaction could commit between the two,
//! lie below the horizon and yet be missing from what was read.
//!
//! The price: one transaction that stays open holds all followers back until it ends, also one in another database of
//! the same PostgreSQL cluster. [`lag()`] shows it. Use cases are short for this reason too.

mod event;
mod follower;
mod position;
mod runner;
mod store;

pub use event::{Actor, Event, NewEvent, NotAnActor};
pub use follower::{Follower, FollowerError, OutsideFollower};
pub use position::{NotAPosition, Position};
pub use runner::{Followers, Round, Settings};
pub use store::log::{after, append, history, settle_stamps};
pub use store::positions::{Lag, lag, rebuild};

/// The tables of this room.
pub const MIGRATIONS: &[db::Migration] = &[db::Migration { room: "events", number: 1, sql: include_str!("../migrations/0001_events.sql") }];
