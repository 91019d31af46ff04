//! A service's questions in the file.

use std::collections::BTreeMap;

use super::parse::{code, is_language};
use super::read::Table;
use crate::answers::{MOST_STRING, MOST_TEXT};
use crate::model::{AskWhen, Choice, Datatype, Question, QuestionText};

/// The most questions of a service, and values of a question.
const MOST: usize = 500;

pub(super) fn questions(service: &Table<'_>) -> Vec<Question> {
    let mut out: Vec<Question> = Vec::new();
    for mut table in service.tables("question") {
        let code = code(&table, "code");
        if let Some(code) = &code {
            table.call(service.within(&format!("question {code}")));
            if out.iter().any(|known| known.code == *code) {
                table.problem("is there twice");
                continue;
            }
        }
        if let Some(question) = question(&table, &out, code) {
            out.push(question);
        }
        table.done();
    }
    if out.len() > MOST {
        service.problem_at("question", &format!("may be there at most {MOST} times"));
    }
    for (order, question) in (1..).zip(&mut out) {
        question.order = order;
    }
    out
}

fn question(table: &Table<'_>, before: &[Question], code: Option<String>) -> Option<Question> {
    let tell = table.text("tell", MOST_TEXT as usize);
    let ask = table.text("ask", MOST_TEXT as usize);
    let languages = languages(table, if tell.is_some() { "tell" } else { "ask" });
    let ask_when = ask_when(table, before);
    let (variable, ask) = match (ask, tell) {
        (Some(ask), None) => (true, Some(ask)),
        (None, Some(tell)) => {
            notice_only(table);
            return Some(Question { code: code?, ask: tell, variable: false, ask_when, languages, ..Question::default() });
        }
        (Some(_), Some(_)) => {
            table.problem("has both ask and tell: a question asks, a notice tells");
            (true, None)
        }
        (None, None) => {
            if !table.has("ask") && !table.has("tell") {
                table.problem("ask is missing (or tell, for a notice that asks nothing)");
            }
            (true, None)
        }
    };
    let datatype = table.word("datatype", Datatype::ALL, Datatype::parse);
    if datatype.is_none() && !table.has("datatype") {
        table.problem("datatype is missing");
    }
    let required = table.flag("required").unwrap_or(false);
    let hint = table.line("hint", 500);
    let values = values(table);
    let most = table.whole("most", 1, MOST_TEXT);
    let (min, max) = (table.number("min"), table.number("max"));
    let datatype = datatype?;
    if datatype.is_list() && values.is_empty() && !table.has("values") {
        table.problem("values is missing: a list needs them");
    }
    if !datatype.is_list() && table.has("values") {
        table.problem_at("values", &format!("does nothing for the datatype {datatype}"));
    }
    if most.is_some() && !matches!(datatype, Datatype::String | Datatype::Text) {
        table.problem_at("most", "is only for the datatypes string and text");
    } else if datatype == Datatype::String && most.is_some_and(|most| most > MOST_STRING) {
        table.problem_at("most", &format!("may be at most {MOST_STRING} for one line"));
    }
    if (min.is_some() || max.is_some()) && datatype != Datatype::Number {
        table.problem_at(if min.is_some() { "min" } else { "max" }, "is only for the datatype number");
    }
    if let (Some(min), Some(max)) = (min, max)
        && min > max
    {
        table.problem_at("min", "must not be above max");
    }
    for (language, text) in &languages {
        for key in text.values.keys().filter(|key| !values.iter().any(|value| value.key == **key)) {
            table.problem(format!("language {language}: there is no value {key:?}"));
        }
    }
    Some(Question { code: code?, ask: ask?, variable, datatype, required, hint, order: 1, values, ask_when, most, min, max, languages })
}

/// A notice has nothing that is for answers.
fn notice_only(table: &Table<'_>) {
    for key in ["datatype", "required", "hint", "values", "most", "min", "max"] {
        // Counted as asked for, so that it is not refused a second time as unknown.
        table.pass(key);
        if table.has(key) {
            table.problem(format!("tell is a notice: it has no {key}"));
        }
    }
}

/// `values = { small = "Smaller than a plate", large = "Larger" }`: key and name, in this order.
fn values(table: &Table<'_>) -> Vec<Choice> {
    let Some(values) = table.table("values") else { return Vec::new() };
    let mut out = Vec::new();
    for (line, key, name) in values.pairs() {
        let fits = |text: &str, most: usize| (1..=most).contains(&text.chars().count());
        match name {
            _ if !fits(&key, 100) || key.trim() != key || key.chars().any(char::is_control) => {
                table.problem_on(line, "a value's key must be 1 to 100 characters, without blanks around it".to_owned());
            }
            Some(name) if fits(&name, 200) => out.push(Choice { key, name }),
            _ => table.problem_on(line, format!("value {key:?} must have a name of 1 to 200 characters in quotation marks")),
        }
    }
    if out.is_empty() {
        table.problem_at("values", "must have at least one value, such as { small = \"Small\" }");
    }
    if out.len() > MOST {
        table.problem_at("values", &format!("may have at most {MOST} values"));
    }
    out
}

fn ask_when(table: &Table<'_>, before: &[Question]) -> Option<AskWhen> {
    let when = table.table("ask_when")?;
    let question = when.need_line("question", 100);
    let is = when.lines("is", 200);
    if is.is_empty() {
        when.problem("is is missing: give the answers after which this is asked");
    }
    when.done();
    let question = question?;
    let Some(known) = before.iter().find(|known| known.code == question && known.variable) else {
        when.problem_at("question", &format!("{question:?} is no question that stands before this one"));
        return None;
    };
    for wrong in is.iter().filter(|answer| known.datatype.is_list() && !known.values.iter().any(|value| value.key == **answer)) {
        when.problem_at("is", &format!("{wrong:?} is no value of the question {question}"));
    }
    Some(AskWhen { question, is })
}

fn languages(table: &Table<'_>, wording: &'static str) -> BTreeMap<String, QuestionText> {
    let Some(all) = table.table("language") else { return BTreeMap::new() };
    let mut out = BTreeMap::new();
    for (code, table) in all.named_tables("in") {
        if !is_language(&code) {
            table.problem(format!("{:?} is not a language code, such as es", code.chars().take(20).collect::<String>()));
        }
        let mut text = QuestionText { ask: table.text(wording, MOST_TEXT as usize), hint: table.line("hint", 500), values: BTreeMap::new() };
        if let Some(values) = table.table("values") {
            for (line, key, name) in values.pairs() {
                match name.filter(|name| (1..=200).contains(&name.chars().count())) {
                    Some(name) => {
                        text.values.insert(key, name);
                    }
                    None => values.problem_on(line, format!("value {key:?} must have a name of 1 to 200 characters in quotation marks")),
                }
            }
        }
        table.done();
        if text != QuestionText::default() {
            out.insert(code, text);
        }
    }
    out
}
