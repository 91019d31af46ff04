//! The SQL of this room.

pub mod api_keys;
pub mod departments;
pub mod jurisdictions;
