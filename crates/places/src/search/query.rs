//! What a person typed, taken apart: house number, unit, zip code, the words, and where a corner's two streets part.

use crate::words::house::{House, is_fraction};
use crate::words::{canonical, fold, is_ordinal};

/// The most words that are looked at.
const MOST_WORDS: usize = 12;
/// The most characters that are looked at.
const MOST_CHARACTERS: usize = 200;

/// One word, as typed and in the one form that the index knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Word {
    pub(crate) raw: String,
    pub(crate) canonical: String,
    /// Stands behind a comma: a city or state, not the street.
    pub(crate) aside: bool,
    /// Stood directly after the house number as a single letter: perhaps part of it ("7 A Mill St").
    pub(crate) maybe_number: bool,
}

/// A taken-apart text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Asked {
    pub(crate) house: Option<House>,
    pub(crate) unit: Option<String>,
    pub(crate) zip: Option<String>,
    pub(crate) words: Vec<Word>,
    /// How many of the words belong to the first street of a corner.
    pub(crate) corner: Option<usize>,
    /// The last word may be unfinished.
    pub(crate) typing: bool,
}

/// Words that part two streets of a corner.
const PARTERS: &[&str] = &["&", "and", "at", "@", "+", "x", "y"];
/// Words in front of a unit.
const UNITS: &[&str] = &["#", "apt", "apartment", "unit", "ste", "suite", "rm", "room", "fl", "floor", "bldg", "building", "lot", "trlr", "spc", "space", "ph"];
/// What people say before a corner or place.
const LEADS: &[&[&str]] =
    &[&["the", "corner", "of"], &["corner", "of"], &["intersection", "of"], &["the", "intersection", "of"], &["corner"], &["near"], &["at"]];

impl Asked {
    /// Takes a text apart. Any text is good; an empty one asks for nothing.
    pub(crate) fn parse(text: &str) -> Self {
        let text: String = text.chars().take(MOST_CHARACTERS).collect::<String>().to_lowercase();
        let typing = !text.ends_with([' ', ',', '&']);
        let mut tokens = tokens(&text);
        for lead in LEADS {
            if tokens.len() > lead.len() && tokens.iter().zip(*lead).all(|(token, word)| token.text == **word) {
                tokens.drain(..lead.len());
                break;
            }
        }
        let mut asked = Self { typing, ..Self::default() };
        asked.take_zip(&mut tokens);
        asked.take_house(&mut tokens);
        asked.take_unit(&mut tokens);
        for token in tokens {
            if asked.house.is_none() && asked.corner.is_none() && !asked.words.is_empty() && PARTERS.contains(&token.text.as_str()) {
                asked.corner = Some(asked.words.len());
                continue;
            }
            for raw in fold(&token.text).split_whitespace() {
                if asked.words.len() < MOST_WORDS {
                    asked.words.push(Word { raw: raw.to_owned(), canonical: canonical(raw), aside: token.aside, maybe_number: token.maybe_number });
                }
            }
        }
        asked.join_ordinals();
        asked
    }

    /// A zip code at the end, if something stands before it.
    fn take_zip(&mut self, tokens: &mut Vec<Token>) {
        let is_zip = |text: &str| {
            let (five, four) = text.split_once('-').map_or((text, None), |(five, four)| (five, Some(four)));
            five.len() == 5 && five.bytes().all(|b| b.is_ascii_digit()) && four.is_none_or(|four| four.len() == 4 && four.bytes().all(|b| b.is_ascii_digit()))
        };
        if tokens.len() > 1
            && let Some(last) = tokens.last()
            && is_zip(&last.text)
        {
            self.zip = Some(last.text.chars().take(5).collect());
            self.typing = false;
            tokens.pop();
        }
    }

    /// A house number in front, if something stands behind it.
    fn take_house(&mut self, tokens: &mut Vec<Token>) {
        let Some(mut house) = tokens.first().and_then(|first| House::parse(&first.text)) else { return };
        if tokens.len() < 2 {
            // A number alone is a house number still being typed, or nothing.
            return;
        }
        tokens.remove(0);
        if house.suffix.is_empty() && tokens.len() > 1 {
            if is_fraction(&tokens[0].text) {
                house.suffix = tokens.remove(0).text;
            } else if tokens[0].text.len() == 1 && tokens[0].text.bytes().all(|b| b.is_ascii_alphabetic()) {
                tokens[0].maybe_number = true;
            }
        }
        self.house = Some(house);
    }

    /// `#4`, `apt 4`, `unit b`; not at the very front.
    fn take_unit(&mut self, tokens: &mut Vec<Token>) {
        let looks_like_unit = |text: &str| {
            text.len() <= 4 && (text.bytes().any(|b| b.is_ascii_digit()) || text.len() == 1) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
        };
        for at in 1..tokens.len() {
            let text = tokens[at].text.clone();
            if let Some(rest) = text.strip_prefix('#').filter(|rest| !rest.is_empty()) {
                self.unit = Some(rest.to_owned());
                tokens.remove(at);
                return;
            }
            if UNITS.contains(&text.as_str())
                && let Some(next) = tokens.get(at + 1)
                && looks_like_unit(next.text.trim_start_matches('#'))
                && !is_ordinal(&next.text)
            {
                self.unit = Some(next.text.trim_start_matches('#').to_owned());
                tokens.drain(at..=at + 1);
                return;
            }
        }
    }

    /// "twenty first" is one word to the index.
    fn join_ordinals(&mut self) {
        let mut at = 0;
        while at + 1 < self.words.len() {
            let joined = crate::words::words(&format!("{} {}", self.words[at].raw, self.words[at + 1].raw));
            if let [one] = joined.as_slice()
                && self.corner != Some(at + 1)
            {
                self.words[at].canonical.clone_from(one);
                self.words[at].raw.clone_from(one);
                self.words.remove(at + 1);
                self.corner = self.corner.map(|corner| if corner > at { corner - 1 } else { corner });
            }
            at += 1;
        }
    }
}

/// A blank-separated piece of the text.
struct Token {
    text: String,
    aside: bool,
    maybe_number: bool,
}

fn tokens(text: &str) -> Vec<Token> {
    let mut out: Vec<Token> = Vec::new();
    for (part, piece) in text.split(',').enumerate() {
        let mut spaced = String::with_capacity(piece.len() + 8);
        for c in piece.chars() {
            match c {
                '&' | '@' | '+' => spaced.extend([' ', c, ' ']),
                '#' => spaced.extend([' ', c]),
                // "Mill/Alder" is a corner, "1/2" is not.
                '/' if !spaced.ends_with(|c: char| c.is_ascii_digit()) => spaced.push_str(" & "),
                c => spaced.push(c),
            }
        }
        let mut words = spaced.split_whitespace().peekable();
        while let Some(word) = words.next() {
            // "# 4" is "#4".
            let text = match words.peek() {
                Some(next) if word == "#" => {
                    let joined = format!("#{next}");
                    words.next();
                    joined
                }
                _ => word.trim_matches(['.', ';', ':', '(', ')', '"']).to_owned(),
            };
            // Only what follows a comma after a street is aside: "1200, Mill St" is how some write.
            if !text.is_empty() {
                let aside = part > 0 && out.iter().any(|t| t.text.chars().any(char::is_alphabetic));
                out.push(Token { text, aside, maybe_number: false });
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn shown(text: &str) -> String {
        let asked = Asked::parse(text);
        let mut out = Vec::new();
        if let Some(house) = &asked.house {
            out.push(format!("no {}", house.text()));
        }
        let words: Vec<&str> = asked.words.iter().map(|w| w.canonical.as_str()).collect();
        match asked.corner {
            Some(at) => out.push(format!("{} / {}", words[..at].join(" "), words[at..].join(" "))),
            None => out.push(words.join(" ")),
        }
        out.extend(asked.unit.map(|u| format!("unit {u}")));
        out.extend(asked.zip.map(|z| format!("zip {z}")));
        out.join(", ")
    }

    #[test]
    fn texts_are_taken_apart() {
        for (text, parts) in [
            ("1200 N. Mill St", "no 1200, north mill st"),
            ("1200 Mill Street #4, Alder Falls IA 50300", "no 1200, mill st alder falls ia, unit 4, zip 50300"),
            ("1200 mill st apt 4b", "no 1200, mill st, unit 4b"),
            ("7-A Acacia St", "no 7A, acacia st"),
            ("24 1/2 Mill St.", "no 24 1/2, mill st"),
            ("Mill & Alder", "mill / alder"),
            ("corner of Mill and Alder", "mill / alder"),
            ("Mill St at Alder Ave", "mill st / alder avenue"),
            ("Mill/Alder", "mill / alder"),
            ("1st St @ Cannery Row", "1st st / cannery row"),
            ("First and Twenty-Second", "1st / 22nd"),
            ("12 twenty first st", "no 12, 21st st"),
            ("1st St", "1st st"),
            ("50300", "50300"),
            ("", ""),
            ("Library", "library"),
            ("12 e 5th", "no 12, east 5th"),
        ] {
            assert_eq!(shown(text), parts, "{text}");
        }
        assert!(Asked::parse("12 a mill st").words[0].maybe_number);
        assert!(Asked::parse("12 mill st, springfield").words[2].aside);
    }

    proptest! {
        #[test]
        fn fuzz_any_text_is_taken_apart(text in "\\PC{0,300}") {
            let asked = Asked::parse(&text);
            prop_assert!(asked.words.len() <= MOST_WORDS);
            prop_assert!(asked.corner.is_none_or(|at| at <= asked.words.len() && at > 0));
        }
    }
}
