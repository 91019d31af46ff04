//! The SQL of this room.

pub mod queue;
pub mod sight;

use sea_orm::Value;

/// `$3, $4, $5` for values that follow two others, and so on.
fn placeholders(first: usize, count: usize) -> String {
    (first..first + count).map(|n| format!("${n}")).collect::<Vec<_>>().join(", ")
}

/// The values of a list of words.
fn words(kinds: &[&'static str]) -> impl Iterator<Item = Value> {
    kinds.iter().map(|kind| Value::from(*kind))
}
