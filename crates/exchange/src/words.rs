//! Texts as they come from old systems: blanks, `64109.0`, letters that were encoded twice.

use std::borrow::Cow;

use kernel::text::{clean_line, clean_text, xml_can_hold};

/// The most characters of a long text that are kept.
pub(crate) const LONGEST_TEXT: usize = 10_000;
/// The most characters of a short text that are kept.
pub(crate) const LONGEST_LINE: usize = 500;

/// A text of one line, cut to [`LONGEST_LINE`] characters; `None` when nothing is left.
pub(crate) fn line(text: &str) -> Option<String> {
    let plain = text.bytes().all(|b| (0x20..0x7f).contains(&b)) && !text.contains("  ");
    let line = if plain { text.trim().to_owned() } else { clean_line(text) };
    kept(line, LONGEST_LINE)
}

/// A text of several lines, cut to [`LONGEST_TEXT`] characters; `None` when nothing is left.
pub(crate) fn text(text: &str) -> Option<String> {
    let plain = !text.contains('\r') && text.chars().all(xml_can_hold);
    let text = if plain { text.trim().to_owned() } else { clean_text(text) };
    kept(text, LONGEST_TEXT)
}

fn kept(text: String, most: usize) -> Option<String> {
    if text.is_empty() {
        return None;
    }
    if text.len() > most && text.chars().count() > most {
        return Some(text.chars().take(most - 1).chain(['…']).collect());
    }
    Some(text)
}

/// `64109.0` is `64109`: whole numbers that a spreadsheet or a statistics program made into fractions.
pub(crate) fn whole(text: &str) -> &str {
    match text.strip_suffix(".0") {
        Some(digits) if !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()) => digits,
        _ => text,
    }
}

/// Mends a text that was UTF-8, was read as Latin-1 and written as UTF-8 once more (`â\u{80}\u{99}` for `’`).
pub(crate) fn mended(text: &str) -> Cow<'_, str> {
    if !text.contains(['\u{c2}', '\u{c3}', '\u{e2}']) {
        return Cow::Borrowed(text);
    }
    let bytes: Option<Vec<u8>> = text.chars().map(|c| u8::try_from(u32::from(c)).ok()).collect();
    bytes.and_then(|bytes| String::from_utf8(bytes).ok()).map_or(Cow::Borrowed(text), Cow::Owned)
}

/// An area's name without what spells it differently: case, punctuation, leading zeros, `.0`.
fn bare(name: &str) -> String {
    let name: String = whole(name.trim()).chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect();
    let without = name.trim_start_matches('0');
    if without.is_empty() { name } else { without.to_owned() }
}

/// Whether `recorded` (as a row has it) and `name` (as the boundary layer has it) are the same area: `3.0` and `District 3`.
pub(crate) fn same_area(recorded: &str, name: &str) -> bool {
    let (recorded, named) = (bare(recorded), bare(name));
    if recorded == named {
        return true;
    }
    let is_number = !recorded.is_empty() && recorded.bytes().all(|b| b.is_ascii_digit());
    let numbers: Vec<&str> = name.split(|c: char| !c.is_ascii_digit()).filter(|part| !part.is_empty()).collect();
    is_number && matches!(numbers[..], [one] if one.trim_start_matches('0') == recorded)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spreadsheets_and_double_encodings_are_undone() {
        assert_eq!(whole("64109.0"), "64109");
        assert_eq!(whole("3.05"), "3.05");
        assert_eq!(whole(".0"), ".0");
        assert_eq!(mended("Transportationâ\u{80}\u{99}s website"), "Transportation’s website");
        assert_eq!(mended("Café Â"), "Café Â");
        assert_eq!(mended("Café"), "Café");
        assert_eq!(line("  a \n b\u{0}  "), Some("a b".into()));
        assert_eq!(line(" \u{0} "), None);
        assert_eq!(text("a\r\nb"), Some("a\nb".into()));
        assert_eq!(text(&"é".repeat(20_000)).unwrap().chars().count(), LONGEST_TEXT);
    }

    #[test]
    fn areas_are_the_same_however_they_are_spelled() {
        for (recorded, name) in [("3.0", "District 3"), ("3", "3"), ("06", "6"), ("Hyde Park", "HYDE  PARK"), ("306", "306"), ("0", "0")] {
            assert!(same_area(recorded, name), "{recorded} {name}");
        }
        for (recorded, name) in [("3", "District 13"), ("3", "4"), ("", "District 3"), ("1", "1st and 2nd"), ("Hyde Park", "North Hyde Park")] {
            assert!(!same_area(recorded, name), "{recorded} {name}");
        }
    }
}
