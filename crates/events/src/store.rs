//! The SQL of this room.

pub mod log;
pub mod positions;
