//! Which properties of street center lines mean what.

/// Properties of a piece of street. A list of properties is joined by blanks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StreetFields {
    /// The piece's own id; empty: told apart by name and line.
    pub id: Vec<String>,
    /// The street's name.
    pub name: Vec<String>,
    /// Another name that people use.
    pub alias: Vec<String>,
    /// First house number on the left, in drawing order.
    pub left_from: Vec<String>,
    /// Last house number on the left.
    pub left_to: Vec<String>,
    /// First house number on the right.
    pub right_from: Vec<String>,
    /// Last house number on the right.
    pub right_to: Vec<String>,
    /// Zip code on the left.
    pub left_zip: Vec<String>,
    /// Zip code on the right.
    pub right_zip: Vec<String>,
    /// City.
    pub city: Vec<String>,
}
