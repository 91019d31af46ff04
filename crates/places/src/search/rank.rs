//! How well typed words fit a name. The index proposes; this decides. It knows what the index does not: that words come
//! in order, that a missing suffix hardly matters, that the last word may be unfinished, that a city may follow.

use super::query::Word;
use crate::words::{Parts, is_direction, is_suffix, written_out};

/// How well the words fit a street, 0 to 1, and which of them the street used.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Fit {
    pub(crate) score: f64,
    pub(crate) used: Vec<bool>,
}

/// How alike a typed word and a word of a name are, 0 to 1.
pub(crate) fn alike(typed: &Word, name: &str, unfinished: bool) -> f64 {
    if typed.canonical == name || typed.raw == name {
        return 1.0;
    }
    let written_out = written_out(name).iter().map(|word| 0.98 * alike_spelled(typed, word, unfinished));
    written_out.fold(alike_spelled(typed, name, unfinished), f64::max)
}

/// The same for one spelling of the name's word.
fn alike_spelled(typed: &Word, name: &str, unfinished: bool) -> f64 {
    let mut best: f64 = 0.0;
    let canonical = (typed.canonical != typed.raw).then_some(&typed.canonical);
    for typed in [&typed.raw].into_iter().chain(canonical) {
        let (long_typed, long_name) = (typed.chars().count(), name.chars().count());
        if name.starts_with(|c: char| c.is_ascii_digit()) {
            // "5" for "5th"; numbers are otherwise right or wrong.
            let digits = name.trim_end_matches(|c: char| c.is_ascii_alphabetic());
            if typed == digits || (unfinished && name.starts_with(typed.as_str())) {
                best = best.max(0.9);
            }
            continue;
        }
        if unfinished && name.starts_with(typed.as_str()) {
            best = best.max(0.8 + 0.15 * ratio(long_typed, long_name));
            continue;
        }
        let allowed = (long_typed.min(long_name) / 4).max(usize::from(long_name > 2));
        if long_typed.abs_diff(long_name) <= allowed {
            let distance = strsim::osa_distance(typed, name);
            if distance <= allowed {
                best = best.max(1.0 - 0.8 * ratio(distance, long_name.max(long_typed)));
            }
        }
        if unfinished && long_typed >= 4 && long_typed < long_name {
            // A typo in an unfinished word: compared with as much of the name.
            let begun: String = name.chars().take(long_typed).collect();
            if strsim::osa_distance(typed, &begun) <= (long_typed / 4).max(1) {
                best = best.max(0.65);
            }
        }
    }
    best
}

#[expect(clippy::cast_precision_loss, reason = "lengths of words")]
fn ratio(a: usize, b: usize) -> f64 {
    a as f64 / b.max(1) as f64
}

/// How much a word of a name weighs: long words tell more.
fn weight(word: &str) -> f64 {
    ratio(word.chars().count().clamp(2, 10), 2)
}

/// Fits typed words to a street's name.
pub(crate) fn street(words: &[Word], name: &Parts, typing: bool) -> Fit {
    let unfinished = |at: usize| typing && at + 1 == words.len() && !words[at].aside;
    let (mut base, mut used) = in_order(words, &name.base, &unfinished);
    let mut with_suffix = false;
    if let Some((joined, used_joined)) = joined(words, &name.base).filter(|(joined, _)| *joined > base) {
        (base, used) = (joined, used_joined);
    }
    if let Some(suffix) = &name.suffix {
        let whole: Vec<String> = name.base.iter().chain([suffix]).cloned().collect();
        if let Some((joined, used_joined)) = joined(words, &whole).filter(|(joined, _)| *joined > base) {
            (base, used, with_suffix) = (joined, used_joined, true);
        }
    }
    if base <= 0.0 {
        return Fit { score: 0.0, used };
    }
    let last_used = used.iter().rposition(|u| *u).unwrap_or(0);
    let suffix = match &name.suffix {
        Some(_) if with_suffix => 0.10,
        Some(suffix) => match (last_used + 1..words.len()).find(|at| !words[*at].aside && alike(&words[*at], suffix, unfinished(*at)) >= 0.65) {
            Some(at) if at <= last_used + 2 => {
                used[at] = true;
                0.10
            }
            _ => missing(words, &used, last_used, is_suffix, 0.06),
        },
        None => missing(words, &used, last_used, is_suffix, 0.10),
    };
    let direction = match &name.direction {
        Some(direction) => match (0..words.len()).find(|at| !used[*at] && (words[*at].canonical == *direction)) {
            Some(at) => {
                used[at] = true;
                0.08
            }
            None => missing(words, &used, words.len(), is_direction, 0.05),
        },
        None => missing(words, &used, words.len(), is_direction, 0.08),
    };
    let last_used = used.iter().rposition(|u| *u).unwrap_or(0);
    let lost: f64 = words
        .iter()
        .enumerate()
        .filter(|(at, word)| !used[*at] && !word.aside && !word.maybe_number)
        .map(|(at, word)| match word {
            // Right behind the street it says that another one was meant.
            word if is_suffix(&word.canonical) && at == last_used + 1 => 0.05,
            word if is_suffix(&word.canonical) || is_direction(&word.canonical) => 0.02,
            // Behind the street a city or state may stand.
            word if at > last_used => 0.012 * weight(&word.raw),
            word => 0.10 * weight(&word.raw),
        })
        .sum();
    Fit { score: ((base + suffix + direction) / 1.18 - lost.min(0.6)).clamp(0.0, 1.0), used }
}

/// What is left of a part's worth when the words do not have it: little is lost when they have none, all when another.
fn missing(words: &[Word], used: &[bool], last_used: usize, of_kind: fn(&str) -> bool, worth: f64) -> f64 {
    let other = words.iter().enumerate().any(|(at, word)| !used[at] && !word.aside && at <= last_used + 1 && !word.maybe_number && of_kind(&word.canonical));
    if other { 0.0 } else { worth }
}

/// The share of a name's weight that the words hold, in the name's order, and which words that were.
fn in_order(words: &[Word], name: &[String], unfinished: &dyn Fn(usize) -> bool) -> (f64, Vec<bool>) {
    let (n, m) = (words.len(), name.len());
    let mut fit = vec![vec![0.0_f64; m]; n];
    for (at, word) in words.iter().enumerate() {
        for (of, part) in name.iter().enumerate() {
            let alike = alike(word, part, unfinished(at));
            fit[at][of] = if alike >= 0.5 && !word.aside { alike * weight(part) } else { 0.0 };
        }
    }
    // The classic table of the best ordered matching, from the back.
    let mut best = vec![vec![0.0_f64; m + 1]; n + 1];
    for at in (0..n).rev() {
        for of in (0..m).rev() {
            let taken = if fit[at][of] > 0.0 { fit[at][of] + best[at + 1][of + 1] } else { 0.0 };
            best[at][of] = taken.max(best[at + 1][of]).max(best[at][of + 1]);
        }
    }
    let mut used = vec![false; n];
    let (mut at, mut of) = (0, 0);
    while at < n && of < m {
        if fit[at][of] > 0.0 && fit[at][of] + best[at + 1][of + 1] >= best[at][of] {
            used[at] = true;
            (at, of) = (at + 1, of + 1);
        } else if best[at + 1][of] >= best[at][of + 1] {
            at += 1;
        } else {
            of += 1;
        }
    }
    let whole: f64 = name.iter().map(|part| weight(part)).sum();
    (if whole > 0.0 { best[0][0] / whole } else { 0.0 }, used)
}

/// Fits words that were written together or apart unlike the name: "goldstar" for "Gold Star", "broad way" for "Broadway".
fn joined(words: &[Word], name: &[String]) -> Option<(f64, Vec<bool>)> {
    let whole: String = name.concat();
    let length = whole.chars().count();
    if length < 5 {
        return None;
    }
    let mut best: Option<(f64, Vec<bool>)> = None;
    for from in 0..words.len().min(2) {
        let mut text = String::new();
        for to in from..words.len().min(from + name.len() + 2) {
            if words[to].aside {
                break;
            }
            text.push_str(&words[to].raw);
            let typed = text.chars().count();
            if typed.abs_diff(length) > 2 || (name.len() == 1 && to == from) {
                continue;
            }
            let distance = strsim::osa_distance(&text, &whole);
            if distance <= (length / 4).clamp(1, 3) {
                let score = 0.97 - 0.8 * ratio(distance, length);
                if best.as_ref().is_none_or(|(before, _)| score > *before) {
                    best = Some((score, (0..words.len()).map(|at| (from..=to).contains(&at)).collect()));
                }
            }
        }
    }
    best
}

/// Fits a corner: the words parted in two, or not parted, in either order.
pub(crate) fn corner(words: &[Word], parted: Option<usize>, a: &Parts, b: &Parts, typing: bool) -> f64 {
    let one = |first: &[Word], second: &[Word], x: &Parts, y: &Parts| {
        let end = |part: &[Word]| typing && std::ptr::eq(part.as_ptr_range().end, words.as_ptr_range().end);
        let first_fit = street(first, x, end(first)).score;
        // "Mill &": every corner of Mill fits.
        let second_fit = if second.is_empty() { 0.6 } else { street(second, y, end(second)).score };
        first_fit.min(second_fit) * 0.7 + first_fit.max(second_fit) * 0.3
    };
    let both = |at: usize| {
        let (first, second) = words.split_at(at);
        one(first, second, a, b).max(one(first, second, b, a))
    };
    match parted {
        Some(at) => both(at),
        // Without a sign between them the words must hold both names.
        None => (1..words.len()).map(both).fold(0.0, f64::max) * 0.9,
    }
}

/// Fits a landmark: its words in any order, each typed word at most once. Words that everybody leaves out weigh nothing.
pub(crate) fn landmark(words: &[Word], name: &[String], typing: bool) -> f64 {
    let tells = |word: &str| !matches!(word, "the" | "of" | "at" | "and" | "in" | "a");
    let asked: Vec<(usize, &Word)> = words.iter().enumerate().filter(|(_, word)| !word.aside && tells(&word.raw)).collect();
    if asked.is_empty() {
        return 0.0;
    }
    let mut free: Vec<bool> = vec![true; name.len()];
    let (mut held, mut typed, mut covered) = (0.0, 0.0, 0.0);
    for (at, word) in asked {
        let unfinished = typing && at + 1 == words.len();
        let best =
            (0..name.len()).filter(|of| free[*of]).map(|of| (alike(word, &name[of], unfinished), of)).max_by(|a, b| a.0.total_cmp(&b.0).then(b.1.cmp(&a.1)));
        typed += weight(&word.raw);
        if let Some((alike, of)) = best.filter(|(alike, _)| *alike >= 0.5) {
            free[of] = false;
            held += alike * weight(&word.raw);
            covered += weight(&name[of]);
        }
    }
    let whole: f64 = name.iter().filter(|word| tells(word)).map(|word| weight(word)).sum();
    if whole <= 0.0 || typed <= 0.0 {
        return 0.0;
    }
    // What was typed must be there; how much of the name it covers decides between several.
    (held / typed).powi(2) * (0.75 + 0.25 * (covered / whole).min(1.0))
}

#[cfg(test)]
mod tests {
    use super::super::query::Asked;
    use super::*;
    use crate::words::{parts, words};

    fn fit(text: &str, name: &str) -> f64 {
        let asked = Asked::parse(text);
        street(&asked.words, &parts(&words(name)), asked.typing).score
    }

    #[test]
    fn the_right_street_fits_better() {
        for (text, right, wrong) in [
            ("12 mill st", "Mill St", "Mill Ave"),
            ("12 mill", "Mill St", "Old Mill Rd"),
            ("12 mlil st", "Mill St", "Miles St"),
            ("12 n mill st", "N Mill St", "S Mill St"),
            ("12 mill st n", "Mill St N", "Mill St"),
            ("12 mill st cambridge ma", "Mill St", "Cambridge St"),
            ("12 goldstar rd", "Gold Star Rd", "Gold Rd"),
            ("12 broad way", "Broadway", "Broad St"),
            ("12 canne", "Cannery Row", "Cane St"),
            ("12 1st st", "1st St", "21st St"),
            ("12 thrid st", "3rd St", "2nd St"),
            ("12 gore stroet pl", "Gore Street Pl", "Gore St"),
            ("12 cannrey row", "Cannery Row", "Canary Row"),
        ] {
            assert!(fit(text, right) > fit(text, wrong), "{text}: {} {right}, {} {wrong}", fit(text, right), fit(text, wrong));
            assert!(fit(text, right) > 0.6, "{text}: {}", fit(text, right));
        }
        assert!(fit("12 mill st", "Mill St") > 0.99);
        assert!(fit("12 zebra", "Mill St") < 0.1);
    }

    proptest::proptest! {
        #[test]
        fn fuzz_any_text_fits_between_not_and_wholly(text in "[ -~]{0,60}", name in "[A-Za-z0-9 ]{1,20}") {
            let asked = Asked::parse(&text);
            let (name, mill) = (parts(&words(&name)), parts(&words("Mill St")));
            let fits = [
                street(&asked.words, &name, asked.typing).score,
                corner(&asked.words, asked.corner, &name, &mill, asked.typing),
                landmark(&asked.words, &name.base, asked.typing),
            ];
            proptest::prop_assert!(fits.iter().all(|fit| (0.0..=1.0).contains(fit)), "{fits:?}");
        }
    }

    #[test]
    fn corners_fit_in_either_order() {
        let (mill, alder) = (parts(&words("Mill St")), parts(&words("Alder Ave")));
        let fit = |text: &str| {
            let asked = Asked::parse(text);
            corner(&asked.words, asked.corner, &mill, &alder, asked.typing)
        };
        assert!(fit("Alder & Mill") > 0.9);
        assert!(fit("mill st at alder ave") > 0.95);
        assert!(fit("mlil & adler") > 0.6);
        assert!(fit("mill & ") > 0.6);
        assert!(fit("mill alder") > 0.7);
        assert!(fit("mill & cannery") < 0.5);
    }

    #[test]
    fn landmarks_fit_with_some_of_their_words() {
        let name = words("Alder Falls Public Library - Mill Branch");
        let fit = |text: &str| {
            let asked = Asked::parse(text);
            landmark(&asked.words, &name, asked.typing)
        };
        assert!(fit("public library") > 0.8);
        assert!(fit("libary mill") > 0.6);
        assert!(fit("public lib") > 0.7);
        assert!(fit("swimming pool") < 0.1);
    }
}
