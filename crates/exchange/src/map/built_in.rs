//! The maps that are part of the program.

/// A map of the program.
#[derive(Clone, Copy, Debug)]
pub struct BuiltIn {
    /// Its name on the command line.
    pub name: &'static str,
    /// Its text.
    pub text: &'static str,
}

macro_rules! built_in {
    ($($name:literal),+ $(,)?) => {
        /// The maps of the program, in the order in which they are listed.
        pub const BUILT_IN: &[BuiltIn] = &[$(BuiltIn { name: $name, text: include_str!(concat!("../../../../maps/", $name, ".toml")) }),+];
    };
}

built_in!("kansas-city", "new-york", "boston", "chicago", "san-francisco", "dallas", "alder-falls");

#[cfg(test)]
mod tests {
    use super::*;
    use crate::map::Map;

    #[test]
    fn every_map_of_the_program_can_be_used() {
        for map in BUILT_IN {
            let read = Map::load(map.name).unwrap_or_else(|error| panic!("{error}"));
            assert_eq!(read.origin, map.name);
            assert!(!read.title.is_empty());
        }
        assert!(Map::load("springfield").unwrap_err().to_string().contains("kansas-city, new-york"));
    }
}
