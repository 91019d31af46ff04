//! Which columns of an address register mean what.

/// Columns of an address register. A list of columns is joined by blanks, so that a street in parts can be put together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ColumnMap {
    /// The register's id.
    pub id: Vec<String>,
    /// House number, with its suffix column if there is one.
    pub number: Vec<String>,
    /// Street name in writing order.
    pub street: Vec<String>,
    /// The whole address as the city writes it.
    pub full: Vec<String>,
    /// Apartment or suite.
    pub unit: Vec<String>,
    /// City or post town.
    pub city: Vec<String>,
    /// Zip code.
    pub zip: Vec<String>,
    /// Longitude, degrees.
    pub lon: Vec<String>,
    /// Latitude, degrees.
    pub lat: Vec<String>,
    /// Name of a landmark at this address.
    pub landmark: Vec<String>,
}
