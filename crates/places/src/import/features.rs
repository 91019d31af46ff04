//! GeoJSON, one feature at a time: the list of features is cut into their texts, so that one bad feature neither stops
//! the import nor hides where it stands, and a file of any size needs the memory of its largest feature.

use std::io::BufRead;

use geojson::{Feature, GeometryValue, JsonObject, JsonValue, Position};
use kernel::LatLon;
use serde::Deserialize;

use super::{ImportError, Reject, source};

/// A feature with its number.
pub(super) struct Numbered {
    pub(super) number: u64,
    pub(super) text: String,
}

/// Cuts features out of a FeatureCollection.
pub(super) struct Features<R> {
    reader: R,
    offset: u64,
    number: u64,
    state: State,
}

#[derive(PartialEq)]
enum State {
    Start,
    InList,
    Done,
}

/// Where the cutting stands inside a JSON text.
#[derive(Default)]
struct Depth {
    open: usize,
    in_string: bool,
    escaped: bool,
}

impl Depth {
    /// Takes one byte; answers whether a value that began with a bracket has just ended.
    fn take(&mut self, byte: u8) -> bool {
        if self.in_string {
            match byte {
                _ if self.escaped => self.escaped = false,
                b'\\' => self.escaped = true,
                b'"' => self.in_string = false,
                _ => {}
            }
            return false;
        }
        match byte {
            b'"' => self.in_string = true,
            b'{' | b'[' => self.open += 1,
            b'}' | b']' => {
                self.open = self.open.saturating_sub(1);
                return self.open == 0;
            }
            _ => {}
        }
        false
    }
}

impl<R: BufRead> Features<R> {
    pub(super) fn new(reader: R) -> Self {
        Self { reader, offset: 0, number: 0, state: State::Start }
    }

    fn fault<T>(&self, reason: impl Into<String>) -> Result<T, ImportError> {
        let place = if self.number == 0 { format!("byte {}", self.offset + 1) } else { format!("after feature {}, byte {}", self.number, self.offset + 1) };
        Err(ImportError::file(place, reason))
    }

    fn peek(&mut self) -> Result<Option<u8>, ImportError> {
        let (offset, number) = (self.offset, self.number);
        match self.reader.fill_buf() {
            Ok(bytes) => Ok(bytes.first().copied()),
            Err(error) => Err(ImportError::file(format!("after feature {number}, byte {}", offset + 1), source::reason(&error))),
        }
    }

    fn next_byte(&mut self) -> Result<u8, ImportError> {
        match self.peek()? {
            Some(byte) => {
                self.reader.consume(1);
                self.offset += 1;
                Ok(byte)
            }
            None => self.fault("the file ends too early: it was cut off"),
        }
    }

    /// The next byte that is no white space, left in place.
    fn look(&mut self) -> Result<u8, ImportError> {
        loop {
            match self.peek()? {
                Some(b' ' | b'\t' | b'\r' | b'\n') => {
                    self.next_byte()?;
                }
                Some(byte) => return Ok(byte),
                None => return self.fault("the file ends too early: it was cut off"),
            }
        }
    }

    fn expect(&mut self, byte: u8, what: &str) -> Result<(), ImportError> {
        if self.look()? == byte {
            self.next_byte()?;
            return Ok(());
        }
        self.fault(format!("the file is no GeoJSON: {what} was expected here"))
    }

    fn key(&mut self) -> Result<String, ImportError> {
        self.expect(b'"', "a member's name in quotation marks")?;
        let mut key = vec![b'"'];
        let mut escaped = false;
        loop {
            let byte = self.next_byte()?;
            key.push(byte);
            match byte {
                _ if escaped => escaped = false,
                b'\\' => escaped = true,
                b'"' => break,
                _ => {}
            }
            if key.len() > 10_000 {
                return self.fault("a member's name has more than 10,000 bytes");
            }
        }
        serde_json::from_slice(&key).or_else(|error| self.fault(format!("a member's name is no JSON text: {error}")))
    }

    /// Passes over a value that nobody asked for; answers it when it is a short text.
    fn pass(&mut self) -> Result<Option<String>, ImportError> {
        let first = self.look()?;
        if first == b'"' {
            return self.key().map(Some);
        }
        if first == b'{' || first == b'[' {
            let mut depth = Depth::default();
            while !depth.take(self.next_byte()?) {}
            return Ok(None);
        }
        while !matches!(self.look()?, b',' | b'}' | b']') {
            self.next_byte()?;
        }
        Ok(None)
    }

    /// Goes to the beginning of the list of features.
    fn find_list(&mut self) -> Result<(), ImportError> {
        if self.peek()?.is_none() {
            return self.fault("the file is empty");
        }
        self.expect(b'{', "\"{\"")?;
        loop {
            if self.look()? == b'}' {
                return self.fault("the file is no GeoJSON FeatureCollection: it has no list \"features\"");
            }
            let key = self.key()?;
            self.expect(b':', "\":\"")?;
            if key == "features" {
                self.expect(b'[', "\"[\", the list of features,")?;
                return Ok(());
            }
            let value = self.pass()?;
            if let ("type", Some(kind)) = (key.as_str(), value)
                && kind != "FeatureCollection"
            {
                return self.fault(format!("the file is a GeoJSON {}; a FeatureCollection is needed", kernel::text::clean_line(&kind)));
            }
            if self.look()? == b',' {
                self.next_byte()?;
            }
        }
    }

    /// The next feature's text, or `None` after the last.
    ///
    /// # Errors
    /// When the file is no FeatureCollection, is cut off, or a feature is larger than 64 MB.
    pub(super) fn next(&mut self) -> Result<Option<Numbered>, ImportError> {
        if self.state == State::Start {
            self.find_list()?;
            self.state = State::InList;
        }
        if self.state == State::Done {
            return Ok(None);
        }
        if self.look()? == b',' && self.number > 0 {
            self.next_byte()?;
        }
        if self.look()? == b']' {
            self.state = State::Done;
            return Ok(None);
        }
        let text = self.value()?;
        self.number += 1;
        let text = String::from_utf8(text).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned());
        Ok(Some(Numbered { number: self.number, text }))
    }

    /// One value of the list, whatever it is.
    fn value(&mut self) -> Result<Vec<u8>, ImportError> {
        let mut text = Vec::new();
        let first = self.look()?;
        if first != b'{' && first != b'[' {
            // A value that is no object: up to the next comma or the list's end.
            let mut depth = Depth::default();
            loop {
                let byte = self.look()?;
                if !depth.in_string && matches!(byte, b',' | b']') {
                    return if text.is_empty() { self.fault("a feature was expected here") } else { Ok(text) };
                }
                depth.take(self.next_byte()?);
                text.push(byte);
                self.bounded(&text)?;
            }
        }
        let mut depth = Depth::default();
        loop {
            let (mut taken, mut ended) = (0, false);
            let (offset, number) = (self.offset, self.number);
            let bytes =
                self.reader.fill_buf().map_err(|error| ImportError::file(format!("after feature {number}, byte {}", offset + 1), source::reason(&error)))?;
            if bytes.is_empty() {
                return self.fault("the file ends too early: it was cut off");
            }
            for byte in bytes {
                taken += 1;
                if depth.take(*byte) {
                    ended = true;
                    break;
                }
            }
            text.extend_from_slice(&bytes[..taken]);
            self.reader.consume(taken);
            self.offset += taken as u64;
            if ended {
                return Ok(text);
            }
            self.bounded(&text)?;
        }
    }

    fn bounded(&self, text: &[u8]) -> Result<(), ImportError> {
        if text.len() > source::LARGEST_FEATURE { self.fault("a feature has more than 64 MB; is a bracket or quotation mark not closed?") } else { Ok(()) }
    }
}

impl Numbered {
    /// A reject of this feature.
    pub(super) fn reject(&self, reason: impl Into<String>) -> Reject {
        Reject::new(self.number, reason, &self.text)
    }

    /// The feature, with its geometry present.
    ///
    /// # Errors
    /// The reason why not, in plain words.
    pub(super) fn parse(&self) -> Result<(JsonObject, GeometryValue, Option<String>), String> {
        #[derive(Deserialize)]
        struct Loose {
            #[serde(rename = "type")]
            kind: Option<JsonValue>,
            geometry: Option<JsonValue>,
        }
        let feature = serde_json::from_str::<Feature>(&self.text).map_err(|error| {
            // The library's own words do not tell which part is wrong; look again, part by part.
            match serde_json::from_str::<Loose>(&self.text) {
                Err(broken) => format!("the feature is no JSON object: {broken}"),
                Ok(Loose { kind, .. }) if kind.as_ref().and_then(JsonValue::as_str) != Some("Feature") => "the entry is no Feature".to_owned(),
                Ok(Loose { geometry: Some(_), .. }) => format!("the geometry cannot be read: {error}"),
                Ok(_) => error.to_string(),
            }
        })?;
        let geometry = feature.geometry.ok_or("it has no geometry")?;
        let id = feature.id.map(|id| match id {
            geojson::feature::Id::String(text) => kernel::text::clean_line(&text),
            geojson::feature::Id::Number(number) => number.to_string(),
        });
        let id = id.filter(|id| !id.is_empty());
        Ok((feature.properties.unwrap_or_default(), geometry.value, id))
    }
}

/// A property as text: numbers without `.0`, blank and null as absent. Names are looked for exactly, then regardless
/// of capitals.
pub(super) fn property(properties: &JsonObject, name: &str) -> Option<String> {
    let value = properties.get(name).or_else(|| properties.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value))?;
    let text = match value {
        JsonValue::String(text) => kernel::text::clean_line(text),
        JsonValue::Number(number) => match number.as_f64() {
            Some(float) if number.is_f64() && float.fract() == 0.0 && float.abs() < 1e15 => format!("{float:.0}"),
            _ => number.to_string(),
        },
        JsonValue::Bool(truth) => truth.to_string(),
        JsonValue::Null | JsonValue::Array(_) | JsonValue::Object(_) => return None,
    };
    (!text.is_empty()).then_some(text)
}

/// A coordinate pair, checked.
///
/// # Errors
/// Why it is no place on the globe.
pub(super) fn point(position: &Position) -> Result<LatLon, String> {
    let numbers = position.as_slice();
    let (Some(lon), Some(lat)) = (numbers.first(), numbers.get(1)) else { return Err("a position has fewer than two numbers".to_owned()) };
    LatLon::new(*lat, *lon).ok_or_else(|| format!("the position {lon}, {lat} is out of range; longitude and latitude in degrees (WGS 84) are needed"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn cut(text: &[u8]) -> Result<Vec<String>, ImportError> {
        let mut features = Features::new(std::io::BufReader::with_capacity(7, text));
        let mut out = Vec::new();
        while let Some(feature) = features.next()? {
            out.push(feature.text);
        }
        Ok(out)
    }

    #[test]
    fn features_are_cut_out_whatever_stands_around_them() {
        let text = br#" {"type":"FeatureCollection","crs":{"a":["]}\""]},"n":12.5e3, "features" : [ {"a":"}]"} ,{"b":[{"c":1}]}, 7, null ],"more":1}"#;
        assert_eq!(cut(text).unwrap(), [r#"{"a":"}]"}"#, r#"{"b":[{"c":1}]}"#, "7", "null"]);
        assert!(cut(br#"{"type":"FeatureCollection","features":[]}"#).unwrap().is_empty());
    }

    #[test]
    fn what_is_no_collection_is_told_with_its_place() {
        for (text, says) in [
            ("", "byte 1: the file is empty"),
            ("[]", "\"{\" was expected"),
            (r#"{"type":"Feature","geometry":null}"#, "is a GeoJSON Feature; a FeatureCollection"),
            (r#"{"type":"FeatureCollection"}"#, "no list \"features\""),
            (r#"{"features":[{"a":1},{"b":"#, "after feature 1, byte 27: the file ends too early"),
            (r#"{"features":[{"a":1}"#, "after feature 1, byte 21: the file ends too early"),
            (r#"{"features":{}}"#, "the list of features"),
        ] {
            let error = cut(text.as_bytes()).unwrap_err().to_string();
            assert!(error.contains(says), "{text}: {error}");
        }
    }

    #[test]
    fn properties_become_texts() {
        let properties: JsonObject = serde_json::from_str(r#"{"A":" x ","n":12.0,"m":7,"e":"","z":null,"l":[1]}"#).unwrap();
        let of = |name: &str| property(&properties, name);
        assert_eq!((of("a").as_deref(), of("n").as_deref(), of("m").as_deref()), (Some("x"), Some("12"), Some("7")));
        assert_eq!((of("e"), of("z"), of("l"), of("q")), (None, None, None, None));
    }

    proptest! {
        #[test]
        fn fuzz_any_bytes_end_without_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = cut(&bytes);
        }

        #[test]
        fn fuzz_a_changed_file_ends_without_a_panic(at in 0_usize..150, byte in any::<u8>()) {
            let mut text = br#"{"type":"FeatureCollection","features":[{"type":"Feature","properties":{"n":"a"},"geometry":{"type":"Point","coordinates":[-93.7,41.6]}},{"x":1}]}"#.to_vec();
            if let Some(slot) = text.get_mut(at) { *slot = byte; }
            if let Ok(texts) = cut(&text) {
                for (i, text) in texts.into_iter().enumerate() {
                    let _ = Numbered { number: i as u64, text }.parse();
                }
            }
        }
    }
}
