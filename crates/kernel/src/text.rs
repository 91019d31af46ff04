//! Texts that people and other programs send: cleaned once, at the edge, and refused by the field's name.

use serde::{Deserialize, Serialize};

/// What is wrong with one field of an input. Shown to people, so the message is plain and carries no internals.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{field} {message}")]
pub struct Problem {
    /// The field as the sender knows it.
    pub field: String,
    /// What is wrong and what would be right, worded to follow the field's name.
    pub message: String,
}

impl Problem {
    /// A problem with `field`.
    #[must_use]
    pub fn new(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self { field: field.into(), message: message.into() }
    }
}

/// A text of several lines: CR LF and CR become LF, characters that XML 1.0 cannot hold are dropped, blank ends are cut.
#[must_use]
pub fn clean_text(text: &str) -> String {
    let unified = text.replace("\r\n", "\n").replace('\r', "\n");
    let kept: String = unified.chars().filter(|c| xml_can_hold(*c)).collect();
    kept.trim().to_owned()
}

/// A text of one line: like [`clean_text`], and every run of white space becomes one blank.
#[must_use]
pub fn clean_line(text: &str) -> String {
    text.chars().filter(|c| xml_can_hold(*c)).collect::<String>().split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A cleaned text of at most `most` characters, or `None` when nothing is left.
///
/// # Errors
/// A [`Problem`] naming `field` when it is longer.
pub fn optional_text(field: &str, text: &str, most: usize) -> Result<Option<String>, Problem> {
    let text = clean_text(text);
    let length = text.chars().count();
    if length > most {
        return Err(Problem::new(field, format!("may have at most {most} characters; it has {length}")));
    }
    Ok((!text.is_empty()).then_some(text))
}

/// Whether XML 1.0 may hold this character (section 2.2 of the recommendation).
#[must_use]
pub fn xml_can_hold(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | '\u{20}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..='\u{10ffff}')
}

/// A code for URLs and other programs out of a name: ASCII letters, digits and hyphens, at most 80 characters.
/// `Streets / Roadways — Pothole` becomes `streets-roadways-pothole`. A name without any gives an empty text.
#[must_use]
pub fn slug(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    for c in name.chars() {
        if c.is_ascii_alphanumeric() {
            out.push(c.to_ascii_lowercase());
        } else if !out.is_empty() && !out.ends_with('-') {
            out.push('-');
        }
    }
    out.truncate(80);
    out.trim_end_matches('-').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_cleaned_once() {
        assert_eq!(clean_text(" a\r\nb\rc\u{0}\u{fffe} \n"), "a\nb\nc");
        assert_eq!(clean_line("  1200 \n Main\u{7}  St "), "1200 Main St");
        assert_eq!(optional_text("description", "   ", 5), Ok(None));
        assert!(optional_text("description", "sixsix", 5).unwrap_err().to_string().starts_with("description may have at most 5"));
    }

    #[test]
    fn slugs_are_plain_ascii() {
        assert_eq!(slug("Streets / Roadways — Pothole"), "streets-roadways-pothole");
        assert_eq!(slug("311 INFORMATION ONLY CALL "), "311-information-only-call");
        assert_eq!(slug("¿?"), "");
    }
}
