//! Checking the answers to a service's questions: each by its datatype, and every problem named by its question's code.

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use kernel::text::{clean_line, clean_text};
use kernel::{Problem, Timestamp};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::model::{Datatype, Question, Service};

#[cfg(test)]
mod tests;

/// The most characters of a one-line answer, when the question sets no limit of its own.
pub const MOST_STRING: u32 = 500;
/// The most characters of a longer text, when the question sets no limit of its own.
pub const MOST_TEXT: u32 = 4000;
/// How many answers to unknown questions are kept aside.
const MOST_ASIDE: usize = 50;

/// Answers by question code, checked and in the order of the questions. As JSON: `{"SIZE": ["large"]}`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answers {
    /// Code and values, never empty.
    pub given: Vec<(String, Vec<String>)>,
    /// What was sent for codes that the service does not know, or for questions that were not to be asked: kept, not used.
    pub aside: Vec<(String, Vec<String>)>,
}

impl Answers {
    /// The values given to a question; none when it was not answered.
    #[must_use]
    pub fn get(&self, code: &str) -> &[String] {
        self.given.iter().find(|(known, _)| known == code).map_or(&[], |(_, values)| values)
    }

    /// Whether no question was answered.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.given.is_empty()
    }
}

impl Serialize for Answers {
    /// Only what was given: what is kept aside is nobody's answer.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.given.len()))?;
        for (code, values) in &self.given {
            map.serialize_entry(code, values)?;
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for Answers {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Pairs;
        impl<'de> serde::de::Visitor<'de> for Pairs {
            type Value = Vec<(String, Vec<String>)>;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object of question codes and lists of values")
            }
            fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut out = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    out.push(entry);
                }
                Ok(out)
            }
        }
        deserializer.deserialize_map(Pairs).map(|given| Self { given, aside: Vec::new() })
    }
}

impl Service {
    /// Checks what was sent. An empty value counts as not sent; a code may come several times. Moments without a zone are
    /// in `zone`. A question that was not to be asked (see [`crate::AskWhen`]) is not required, and its answer is put aside,
    /// as are codes that the service does not know.
    ///
    /// # Errors
    /// Every problem, each with the question's code as its field.
    pub fn check_answers(&self, sent: &[(String, Vec<String>)], zone: &TimeZone) -> Result<Answers, Vec<Problem>> {
        let mut answers = Answers::default();
        let mut problems = Vec::new();
        for question in self.questions.iter().filter(|q| q.variable) {
            let values: Vec<&str> = values_of(sent, &question.code);
            if !is_asked(question, &answers) {
                if !values.is_empty() {
                    answers.aside.push((question.code.clone(), values.into_iter().map(str::to_owned).collect()));
                }
                continue;
            }
            match question.check(&values, zone) {
                Ok(values) if values.is_empty() && question.required => problems.push(Problem::new(&question.code, "is required")),
                Ok(values) if values.is_empty() => {}
                Ok(values) => answers.given.push((question.code.clone(), values)),
                Err(message) => problems.push(Problem::new(&question.code, message)),
            }
        }
        for (code, _) in sent {
            let known = self.questions.iter().any(|q| q.variable && q.code == *code) || answers.aside.iter().any(|(aside, _)| aside == code);
            let values = values_of(sent, code);
            if !known && !values.is_empty() && answers.aside.len() < MOST_ASIDE {
                answers.aside.push((short(code, 100), values.into_iter().map(|value| short(value, MOST_TEXT as usize)).collect()));
            }
        }
        if problems.is_empty() { Ok(answers) } else { Err(problems) }
    }
}

/// The values sent for a code that are not empty.
fn values_of<'a>(sent: &'a [(String, Vec<String>)], code: &str) -> Vec<&'a str> {
    sent.iter().filter(|(sent, _)| sent == code).flat_map(|(_, values)| values).map(|value| value.trim()).filter(|value| !value.is_empty()).collect()
}

/// A question is asked when it hangs on no other, or when the other was asked and has one of the answers.
fn is_asked(question: &Question, so_far: &Answers) -> bool {
    question.ask_when.as_ref().is_none_or(|when| so_far.get(&when.question).iter().any(|value| when.is.contains(value)))
}

fn short(text: &str, most: usize) -> String {
    clean_text(text).chars().take(most).collect()
}

impl Question {
    /// The values as they are kept, or what is wrong with them.
    fn check(&self, values: &[&str], zone: &TimeZone) -> Result<Vec<String>, String> {
        if self.datatype.is_list() {
            return self.check_list(values);
        }
        let [value] = values else {
            return if values.is_empty() { Ok(Vec::new()) } else { Err("takes one answer".to_owned()) };
        };
        let kept = match self.datatype {
            Datatype::Number => self.check_number(value)?,
            Datatype::Datetime => {
                moment_text(value, zone).ok_or("must be a date or a moment as ISO 8601 writes it, such as 2026-03-02 or 2026-03-02T09:30:00-06:00")?
            }
            Datatype::Text => self.check_length(clean_text(value), MOST_TEXT)?,
            Datatype::String | Datatype::SingleValueList | Datatype::MultiValueList => {
                if value.contains(['\n', '\r']) {
                    return Err("must be one line of text".to_owned());
                }
                self.check_length(clean_line(value), MOST_STRING)?
            }
        };
        Ok(if kept.is_empty() { Vec::new() } else { vec![kept] })
    }

    fn check_list(&self, values: &[&str]) -> Result<Vec<String>, String> {
        if let Some(wrong) = values.iter().find(|value| !self.values.iter().any(|choice| choice.key == **value)) {
            let keys: Vec<&str> = self.values.iter().take(20).map(|choice| choice.key.as_str()).collect();
            let more = if self.values.len() > keys.len() { ", …" } else { "" };
            return Err(format!("has no value {:?}; it takes {}{more}", short(wrong, 60), keys.join(", ")));
        }
        // In the order of the question's values, none twice.
        let chosen: Vec<String> = self.values.iter().map(|choice| &choice.key).filter(|key| values.contains(&key.as_str())).cloned().collect();
        if self.datatype == Datatype::SingleValueList && chosen.len() > 1 { Err("takes one of its values".to_owned()) } else { Ok(chosen) }
    }

    fn check_length(&self, text: String, most: u32) -> Result<String, String> {
        let most = self.most.unwrap_or(most);
        let length = text.chars().count();
        if length > most as usize { Err(format!("may have at most {most} characters; it has {length}")) } else { Ok(text) }
    }

    /// A number in digits, with a point and an exponent if need be. It is kept as it was written.
    fn check_number(&self, value: &str) -> Result<String, String> {
        let plain = value.bytes().all(|b| b.is_ascii_digit() || b"+-.eE".contains(&b));
        let number: f64 = Some(value)
            .filter(|value| plain && value.len() <= 40)
            .and_then(|value| value.parse().ok())
            .filter(|n: &f64| n.is_finite())
            .ok_or("must be a number, such as 12 or 0.5")?;
        match (self.min, self.max) {
            (Some(min), _) if number < min => Err(format!("must be at least {min}")),
            (_, Some(max)) if number > max => Err(format!("must be at most {max}")),
            _ => Ok(value.to_owned()),
        }
    }
}

/// A date stays a date; a moment becomes the W3 profile with an offset, that of `zone` where none was given. Fractions of a
/// second are dropped; a `+` that arrived as a blank is mended. `None` when it is neither, or outside 1900 to 2200.
fn moment_text(value: &str, zone: &TimeZone) -> Option<String> {
    let value = mend_plus(value);
    let in_years = |date: Date| (1900..2200).contains(&date.year());
    if let Ok(at) = value.parse::<jiff::Timestamp>() {
        let at = Timestamp::checked_from_millis(at.as_millisecond())?;
        let text = value.trim_start_matches(|c| c != 'T' && c != 't' && c != ' ');
        // The sender's own offset is kept: it says what the clock showed there.
        let offset = offset_of(text).unwrap_or(jiff::tz::Offset::UTC);
        return Some(at.to_w3(&TimeZone::fixed(offset)));
    }
    let date_only = !value.contains([':', 'T', 't']);
    if date_only {
        return value.parse::<Date>().ok().filter(|date| in_years(*date)).map(|date| date.to_string());
    }
    let local: DateTime = value.parse().ok().filter(|local: &DateTime| in_years(local.date()))?;
    Timestamp::checked_from_millis(local.to_zoned(zone.clone()).ok()?.timestamp().as_millisecond()).map(|at| at.to_w3(zone))
}

/// `2026-03-02T09:30:00 06:00` was `+06:00` before a form decoder took the plus for a blank.
fn mend_plus(value: &str) -> String {
    match value.rsplit_once(' ') {
        Some((moment, offset)) if moment.contains('T') && offset.len() == 5 && offset.as_bytes()[2] == b':' => format!("{moment}+{offset}"),
        _ => value.to_owned(),
    }
}

/// The offset at the end of a time: `-06:00`, `+0530`, `+02`.
fn offset_of(time: &str) -> Option<jiff::tz::Offset> {
    let at = time.rfind(['+', '-'])?;
    let sign = if time.as_bytes()[at] == b'-' { -1 } else { 1 };
    let digits: String = time[at + 1..].chars().filter(char::is_ascii_digit).collect();
    let number = |range: std::ops::Range<usize>| digits.get(range).map_or(Some(0), |d| d.parse::<i32>().ok());
    jiff::tz::Offset::from_seconds(sign * (number(0..2)? * 3600 + number(2..4)? * 60)).ok()
}
