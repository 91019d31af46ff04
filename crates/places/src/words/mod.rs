//! How streets are written: the same street in every spelling gets the same key. "14 N. First Ave", "14 NORTH 1ST AVENUE"
//! and "14 n 1st av" meet here.

pub(crate) mod house;
mod suffixes;

use std::collections::HashMap;
use std::sync::LazyLock;

/// Words with two meanings under one abbreviation ("st" is street and saint, "dr" drive and doctor) keep the abbreviation.
const TWOFOLD: &[&str] = &["st", "dr"];

struct Spelling {
    canonical: &'static str,
    suffix: bool,
}

static SPELLINGS: LazyLock<HashMap<&'static str, Spelling>> = LazyLock::new(|| {
    let mut spellings = HashMap::new();
    for (text, suffix) in [(suffixes::SUFFIXES, true), (suffixes::OTHERS, false)] {
        for line in text.lines() {
            let mut forms = line.split(' ');
            let (Some(short), Some(long)) = (forms.next(), forms.next()) else { continue };
            let canonical = if TWOFOLD.contains(&short) { short } else { long };
            for form in [short, long].into_iter().chain(forms) {
                spellings.entry(form).or_insert(Spelling { canonical, suffix });
            }
        }
    }
    spellings
});

/// One form for each word: suffixes and titles in full, directions in full, ordinals in digits.
#[must_use]
pub(crate) fn canonical(word: &str) -> String {
    if let Some((_, long)) = suffixes::DIRECTIONS.iter().find(|(short, _)| *short == word) {
        return (*long).to_owned();
    }
    if let Some(spelling) = SPELLINGS.get(word) {
        return spelling.canonical.to_owned();
    }
    ordinal(word).unwrap_or_else(|| word.to_owned())
}

/// Whether this canonical word is a street suffix.
#[must_use]
pub(crate) fn is_suffix(word: &str) -> bool {
    SPELLINGS.get(word).is_some_and(|spelling| spelling.suffix)
}

/// Whether this canonical word is a direction.
#[must_use]
pub(crate) fn is_direction(word: &str) -> bool {
    suffixes::DIRECTIONS.iter().any(|(_, long)| *long == word)
}

/// The words of 1st to 20th.
const ORDINALS: [&str; 20] = [
    "first",
    "second",
    "third",
    "fourth",
    "fifth",
    "sixth",
    "seventh",
    "eighth",
    "ninth",
    "tenth",
    "eleventh",
    "twelfth",
    "thirteenth",
    "fourteenth",
    "fifteenth",
    "sixteenth",
    "seventeenth",
    "eighteenth",
    "nineteenth",
    "twentieth",
];

/// `first` is `1st`, `twentieth` is `20th`. Two words ("twenty first") are joined by [`words`].
fn ordinal(word: &str) -> Option<String> {
    const TENS: [&str; 8] = ["twentieth", "thirtieth", "fortieth", "fiftieth", "sixtieth", "seventieth", "eightieth", "ninetieth"];
    if let Some(at) = ORDINALS.iter().position(|s| *s == word) {
        return Some(with_ending(at + 1));
    }
    TENS.iter().position(|s| *s == word).map(|at| with_ending((at + 2) * 10))
}

/// What people write out for a canonical word that is short: a typo in "Thrid St" is one in "third", not in "3rd".
#[must_use]
pub(crate) fn written_out(word: &str) -> &'static [&'static str] {
    match word {
        "st" => &["street", "saint"],
        "dr" => &["drive", "doctor"],
        _ if is_ordinal(word) => {
            let digits = word.trim_end_matches(|c: char| c.is_ascii_alphabetic());
            digits.parse::<usize>().ok().and_then(|n| n.checked_sub(1)).and_then(|at| ORDINALS.get(at..=at)).unwrap_or_default()
        }
        _ => &[],
    }
}

/// The tens of a compound ordinal: `twenty` is 20.
fn tens(word: &str) -> Option<usize> {
    const TENS: [&str; 8] = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"];
    TENS.iter().position(|s| *s == word).map(|at| (at + 2) * 10)
}

fn with_ending(n: usize) -> String {
    let ending = match (n % 10, n % 100) {
        (_, 11..=13) => "th",
        (1, _) => "st",
        (2, _) => "nd",
        (3, _) => "rd",
        _ => "th",
    };
    format!("{n}{ending}")
}

/// Whether the word is a street's number (`42nd`), not a house's.
#[must_use]
pub(crate) fn is_ordinal(word: &str) -> bool {
    let digits = word.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    !digits.is_empty() && digits.len() < word.len() && digits.bytes().all(|b| b.is_ascii_digit()) && matches!(&word[digits.len()..], "st" | "nd" | "rd" | "th")
}

/// Lower case, without accents, apostrophes and full stops; other signs become blanks.
#[must_use]
pub(crate) fn fold(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars().flat_map(char::to_lowercase) {
        match c {
            '\'' | '’' | '‘' | '`' | '.' | '\u{300}'..='\u{36f}' => {}
            'a'..='z' | '0'..='9' => out.push(c),
            'à'..='å' | 'ā' | 'ă' | 'ą' => out.push('a'),
            'æ' => out.push_str("ae"),
            'ç' | 'ć' | 'č' => out.push('c'),
            'è'..='ë' | 'ē' | 'ė' | 'ę' | 'ě' => out.push('e'),
            'ì'..='ï' | 'ī' | 'į' => out.push('i'),
            'ł' => out.push('l'),
            'ñ' | 'ń' | 'ň' => out.push('n'),
            'ò'..='ö' | 'ø' | 'ō' | 'ő' => out.push('o'),
            'œ' => out.push_str("oe"),
            'ŕ' | 'ř' => out.push('r'),
            'ś' | 'š' | 'ş' => out.push('s'),
            'ß' => out.push_str("ss"),
            'ù'..='ü' | 'ū' | 'ů' | 'ű' => out.push('u'),
            'ý' | 'ÿ' => out.push('y'),
            'ź' | 'ż' | 'ž' => out.push('z'),
            c if c.is_alphanumeric() => out.push(c),
            _ => out.push(' '),
        }
    }
    out
}

/// The canonical words of a street's or landmark's name.
#[must_use]
pub(crate) fn words(text: &str) -> Vec<String> {
    let folded = fold(text);
    let raw: Vec<&str> = folded.split_whitespace().collect();
    let mut out: Vec<String> = Vec::with_capacity(raw.len());
    let mut at = 0;
    while at < raw.len() {
        if let (Some(tens), Some(next)) = (tens(raw[at]), raw.get(at + 1))
            && let Some(ones) = ordinal(next).and_then(|o| o.trim_end_matches(|c: char| c.is_ascii_alphabetic()).parse::<usize>().ok()).filter(|n| *n < 10)
        {
            out.push(with_ending(tens + ones));
            at += 2;
        } else if raw[at] == "mlk" {
            out.extend(["martin", "luther", "king"].map(str::to_owned));
            at += 1;
        } else {
            out.push(canonical(raw[at]));
            at += 1;
        }
    }
    out
}

/// The same for every spelling of a street's name; empty for an empty name.
#[must_use]
pub(crate) fn street_key(name: &str) -> String {
    words(name).join(" ")
}

/// A street's name taken apart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Parts {
    /// Direction in front or behind.
    pub(crate) direction: Option<String>,
    /// What makes the name; never empty for a name that is not.
    pub(crate) base: Vec<String>,
    /// Suffix.
    pub(crate) suffix: Option<String>,
}

/// Takes canonical words apart. What would leave nothing of the name stays in it: "North St" is a street called North.
#[must_use]
pub(crate) fn parts(words: &[String]) -> Parts {
    let mut base: Vec<String> = words.to_vec();
    let mut direction = None;
    let mut suffix = None;
    if base.len() > 1 && base.last().is_some_and(|w| is_direction(w)) && !(base.len() == 2 && is_suffix(&base[0])) {
        direction = base.pop();
    }
    if base.len() > 1 && base.last().is_some_and(|w| is_suffix(w)) {
        suffix = base.pop();
    }
    if direction.is_none() && base.len() > 1 && is_direction(&base[0]) {
        direction = Some(base.remove(0));
    }
    Parts { direction, base, suffix }
}

/// A name in capitals, as registers keep it, in the letters of a street sign. A name that has small letters stays.
#[must_use]
pub(crate) fn signed(name: &str) -> String {
    let name = kernel::text::clean_line(name);
    if name.chars().any(char::is_lowercase) {
        return name;
    }
    let word = |word: &str| {
        let lower = word.to_lowercase();
        if matches!(lower.as_str(), "ne" | "nw" | "se" | "sw" | "us" | "mlk" | "ii" | "iii" | "iv") {
            return word.to_owned();
        }
        if is_ordinal(&lower) {
            return lower;
        }
        let mut out = String::with_capacity(word.len());
        let mut start = true;
        for c in lower.chars() {
            if start {
                out.extend(c.to_uppercase());
            } else {
                out.push(c);
            }
            start = !c.is_alphanumeric() && c != '\'';
        }
        out
    };
    name.split(' ').map(word).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn every_spelling_has_one_key() {
        for (a, b) in [
            ("N. First Ave", "NORTH 1ST AVENUE"),
            ("Saint Paul St.", "St Paul Street"),
            ("Dr Martin Luther King Jr Blvd", "DOCTOR MLK JUNIOR BOULEVARD"),
            ("Monsignor O'Brien Hwy", "Msgr OBrien Highway"),
            ("Mt. Auburn St", "Mount Auburn Street"),
            ("Twenty-First St", "21st St"),
            ("Cañon Rd", "Canon Road"),
            ("Mill Ter", "mill terrace"),
        ] {
            assert_eq!(street_key(a), street_key(b), "{a} / {b}");
        }
        assert_eq!((written_out("3rd"), written_out("21st"), written_out("0th")), (["third"].as_slice(), [].as_slice(), [].as_slice()));
        assert_ne!(street_key("Mill St"), street_key("Mill Ave"));
        assert_eq!(street_key(" . "), "");
    }

    #[test]
    fn names_are_taken_apart() {
        let of = |name: &str| {
            let p = parts(&words(name));
            (p.direction.unwrap_or_default(), p.base.join(" "), p.suffix.unwrap_or_default())
        };
        let three = |a: &str, b: &str, c: &str| (a.to_owned(), b.to_owned(), c.to_owned());
        assert_eq!(of("E Kendall St"), three("east", "kendall", "st"));
        assert_eq!(of("North St"), three("", "north", "st"));
        assert_eq!(of("Memorial Dr W"), three("west", "memorial", "dr"));
        assert_eq!(of("Avenue E"), three("", "avenue east", ""));
        assert_eq!(of("Broadway"), three("", "broadway", ""));
        assert_eq!(of("E St"), three("", "east", "st"));
    }

    #[test]
    fn capitals_become_a_sign() {
        assert_eq!(signed("ABERDEEN  AVE"), "Aberdeen Ave");
        assert_eq!(signed("NE 42ND ST"), "NE 42nd St");
        assert_eq!(signed("O'BRIEN HWY"), "O'brien Hwy");
        assert_eq!(signed("McTernan St"), "McTernan St");
    }

    #[test]
    fn every_canonical_word_is_its_own_canonical_word() {
        for spelling in SPELLINGS.values() {
            assert_eq!(canonical(spelling.canonical), spelling.canonical);
        }
    }

    proptest! {
        #[test]
        fn fuzz_a_key_is_its_own_key(text in "\\PC{0,60}") {
            let key = street_key(&text);
            prop_assert_eq!(street_key(&key), key);
        }
    }
}
