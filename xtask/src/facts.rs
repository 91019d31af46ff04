//! Reads `docs/edges.toml`: the part of TOML that it uses, which is sections, and keys with a text or a list of texts.

use std::collections::BTreeMap;

use crate::process::root;

/// Where the facts stand.
pub const FILE: &str = "docs/edges.toml";

/// What one key holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// A text, such as a reason.
    Text(String),
    /// A list of names.
    List(Vec<String>),
}

/// Section to key to value.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Facts(BTreeMap<String, BTreeMap<String, Value>>);

impl Facts {
    /// The facts of this workspace.
    pub fn read() -> Result<Self, String> {
        let text = std::fs::read_to_string(root().join(FILE)).map_err(|error| format!("{FILE}: {error}"))?;
        Self::parse(&text).map_err(|wrong| format!("{FILE}: {wrong}"))
    }

    /// The lists of a section.
    pub fn lists(&self, section: &str) -> impl Iterator<Item = (&str, &[String])> {
        self.0.get(section).into_iter().flatten().filter_map(|(key, value)| match value {
            Value::List(names) => Some((key.as_str(), names.as_slice())),
            Value::Text(_) => None,
        })
    }

    /// The keys of a section whose values are reasons.
    pub fn reasons(&self, section: &str) -> impl Iterator<Item = &str> {
        self.0.get(section).into_iter().flatten().filter(|(_, value)| matches!(value, Value::Text(_))).map(|(key, _)| key.as_str())
    }

    /// Reads the text of a file.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut facts = Self::default();
        let mut section = String::new();
        let mut lines = text.lines().enumerate();
        while let Some((number, line)) = lines.next() {
            let wrong = |what: &str| format!("line {}: {what}", number + 1);
            let line = without_comment(line).trim();
            if line.is_empty() {
                continue;
            }
            if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
                name.trim().clone_into(&mut section);
                continue;
            }
            let (key, value) = line.split_once('=').ok_or_else(|| wrong("neither a section nor KEY = VALUE"))?;
            let key = key.trim().trim_matches('"').to_owned();
            let mut value = value.trim().to_owned();
            while value.starts_with('[') && !value.ends_with(']') {
                let (_, more) = lines.next().ok_or_else(|| wrong("the list is not closed"))?;
                value.push_str(without_comment(more).trim());
            }
            let value = if let Some(inside) = value.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
                let names = inside.split(',').map(str::trim).filter(|name| !name.is_empty());
                Value::List(names.map(text_of).collect::<Option<_>>().ok_or_else(|| wrong("a list holds texts in quotation marks"))?)
            } else {
                Value::Text(text_of(&value).ok_or_else(|| wrong("a value is a text in quotation marks or a list of them"))?)
            };
            if facts.0.entry(section.clone()).or_default().insert(key.clone(), value).is_some() {
                return Err(wrong(&format!("{key} stands here twice")));
            }
        }
        Ok(facts)
    }
}

fn without_comment(line: &str) -> &str {
    let mut quoted = false;
    for (place, symbol) in line.char_indices() {
        match symbol {
            '"' => quoted = !quoted,
            '#' if !quoted => return &line[..place],
            _ => {}
        }
    }
    line
}

fn text_of(quoted: &str) -> Option<String> {
    let inside = quoted.strip_prefix('"')?.strip_suffix('"')?;
    (!inside.contains('"')).then(|| inside.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sections_lists_and_reasons_are_read() {
        let facts = Facts::parse("# x\n[rooms]\na = [] # none\nb = [\"a\",\n  \"c#d\", # why\n]\n\n[reads]\n\"x: y\" = \"a reason = with # signs\"\n").unwrap();
        let rooms: Vec<_> = facts.lists("rooms").collect();
        assert_eq!(rooms, [("a", &[][..]), ("b", &["a".to_owned(), "c#d".to_owned()][..])]);
        assert_eq!(facts.reasons("reads").collect::<Vec<_>>(), ["x: y"]);
        assert_eq!(facts.lists("none").count(), 0);
    }

    #[test]
    fn what_is_wrong_names_its_line() {
        for (text, place) in [("[a]\nb", "line 2"), ("a = b", "line 1"), ("a = [\"b\"", "line 1"), ("a = []\na = []", "line 2"), ("a = [b]", "line 1")] {
            let wrong = Facts::parse(text).unwrap_err();
            assert!(wrong.contains(place), "{text}: {wrong}");
        }
    }
}
