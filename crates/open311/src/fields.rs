//! The fields of one call: query, form body and multipart body mixed, as clients mix them. Empty means absent; bytes that
//! are not UTF-8 are told by the field's name, but only where the field is read.

use kernel::Problem;
use percent_encoding::percent_decode;
use requests::Upload;

use crate::surface::Operation;

/// The most fields of one call.
const MOST_FIELDS: usize = 2_000;
/// The most characters of a field's name that a message repeats.
const MOST_SHOWN: usize = 60;

/// One field as sent. `value` is an error where its bytes are not UTF-8.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Field {
    pub name: String,
    pub value: Result<String, NotUtf8>,
}

/// Bytes that are not UTF-8.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NotUtf8;

impl Field {
    pub(crate) fn from_bytes(name: &[u8], value: Vec<u8>) -> Self {
        Self { name: String::from_utf8_lossy(name).into_owned(), value: String::from_utf8(value).map_err(|_| NotUtf8) }
    }

    fn text(&self) -> Result<&str, Problem> {
        self.value.as_deref().map(str::trim).map_err(|_| Problem::new(shown(&self.name), "must be UTF-8"))
    }
}

/// A sender's own word as a message may repeat it: short.
pub(crate) fn shown(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(MOST_SHOWN).collect()
}

/// Splits `a=1&b=2`. A `+` is a blank; a `%` that begins no byte stays a `%`.
///
/// # Errors
/// When there are too many fields.
pub(crate) fn split(encoded: &[u8]) -> Result<Vec<Field>, Problem> {
    let mut fields = Vec::new();
    for pair in encoded.split(|b| *b == b'&').filter(|pair| !pair.is_empty()) {
        let equals = pair.iter().position(|b| *b == b'=');
        let (name, value) = equals.map_or((pair, &[][..]), |at| (&pair[..at], &pair[at + 1..]));
        fields.push(Field::from_bytes(&decoded(name), decoded(value)));
    }
    check_count(fields.len())?;
    Ok(fields)
}

/// Refuses more fields than any form has.
pub(crate) fn check_count(count: usize) -> Result<(), Problem> {
    if count > MOST_FIELDS { Err(Problem::new("body", format!("may have at most {MOST_FIELDS} fields"))) } else { Ok(()) }
}

fn decoded(text: &[u8]) -> Vec<u8> {
    let blanks: Vec<u8> = text.iter().map(|b| if *b == b'+' { b' ' } else { *b }).collect();
    percent_decode(&blanks).collect()
}

/// All fields of one call.
#[derive(Debug)]
pub(crate) struct Fields {
    operation: &'static Operation,
    /// The body's fields, then the query's: where both name one, the body counts.
    fields: Vec<Field>,
    /// File parts, under whatever name.
    pub files: Vec<Upload>,
}

impl Fields {
    pub(crate) fn new(operation: &'static Operation, body: Vec<Field>, query: Vec<Field>, files: Vec<Upload>) -> Self {
        let mut fields = body;
        fields.extend(query);
        Self { operation, fields, files }
    }

    /// A parameter that is read must stand in the table of the surface, from which the OpenAPI document is made.
    fn declared(&self, name: &str) {
        debug_assert!(self.operation.parameters.iter().any(|p| p.name == name), "{name} is read but not declared for {}", self.operation.id);
    }

    /// All that was sent but the key, for telling one sending from another.
    pub(crate) fn content(&self) -> impl Iterator<Item = (&str, &str)> {
        self.fields.iter().filter(|field| field.name != "api_key").map(|field| (field.name.as_str(), field.value.as_deref().unwrap_or_default()))
    }

    /// The parameter's text without blanks around it; absent and empty are the same.
    ///
    /// # Errors
    /// When it is not UTF-8.
    pub(crate) fn get(&self, name: &str) -> Result<Option<&str>, Problem> {
        self.declared(name);
        for field in self.fields.iter().filter(|field| field.name == name) {
            let text = field.text()?;
            if !text.is_empty() {
                return Ok(Some(text));
            }
        }
        Ok(None)
    }

    /// The parameter where it may come several times, also spelled `name[]` and `name[0]`.
    ///
    /// # Errors
    /// When one is not UTF-8.
    pub(crate) fn every(&self, name: &str) -> Result<Vec<&str>, Problem> {
        self.declared(name);
        let repeated = |field: &&Field| field.name == name || field.name.strip_prefix(name).is_some_and(is_index);
        let texts = self.fields.iter().filter(repeated).map(Field::text).collect::<Result<Vec<_>, _>>()?;
        Ok(texts.into_iter().filter(|text| !text.is_empty()).collect())
    }

    /// Texts parted by commas, of every coming of the parameter; `None` when it was not given.
    ///
    /// # Errors
    /// When one is not UTF-8.
    pub(crate) fn list(&self, name: &str) -> Result<Option<Vec<String>>, Problem> {
        let given = self.every(name)?;
        if given.is_empty() {
            return Ok(None);
        }
        let mut list: Vec<String> = Vec::new();
        for one in given.iter().flat_map(|text| text.split(',')).map(str::trim).filter(|one| !one.is_empty()) {
            if !list.iter().any(|there| there == one) {
                list.push(one.to_owned());
            }
        }
        Ok(Some(list))
    }

    /// Answers to questions in every spelling: `attribute[CODE]`, repeated, with `[]`, or with a number in brackets. Each
    /// code once, in the order of first coming; empty values are left out.
    ///
    /// # Errors
    /// When an answer is not UTF-8.
    pub(crate) fn attributes(&self) -> Result<Vec<(String, Vec<String>)>, Problem> {
        self.declared("attribute");
        let mut answers: Vec<(String, Vec<String>)> = Vec::new();
        for field in &self.fields {
            let Some(code) = attribute_code(&field.name) else { continue };
            let value = field.value.as_deref().map_err(|_| Problem::new(shown(code), "must be UTF-8"))?;
            if value.trim().is_empty() {
                continue;
            }
            match answers.iter_mut().find(|(there, _)| there == code) {
                Some((_, values)) => values.push(value.to_owned()),
                None => answers.push((code.to_owned(), vec![value.to_owned()])),
            }
        }
        Ok(answers)
    }
}

/// `[]` or `[12]`.
fn is_index(text: &str) -> bool {
    text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).is_some_and(|index| index.len() <= 9 && index.bytes().all(|b| b.is_ascii_digit()))
}

/// The code in `attribute[CODE]`, `attribute[CODE][]` and `attribute[CODE][0]`.
fn attribute_code(name: &str) -> Option<&str> {
    let (code, rest) = name.strip_prefix("attribute[")?.split_once(']')?;
    (!code.is_empty() && (rest.is_empty() || is_index(rest))).then_some(code)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::surface::{OPERATIONS, OperationId};

    fn fields(body: &str, query: &str) -> Fields {
        let operation = OPERATIONS.iter().find(|o| o.id == OperationId::CreateRequest).unwrap();
        Fields::new(operation, split(body.as_bytes()).unwrap(), split(query.as_bytes()).unwrap(), Vec::new())
    }

    /// Section 6 of the contract: every spelling that real clients send.
    #[test]
    fn attributes_come_in_every_spelling() {
        let expected = vec![("WHISHETN".to_owned(), vec!["123".to_owned(), "124".to_owned()])];
        for body in [
            "attribute[WHISHETN]=123&attribute[WHISHETN]=124",
            "attribute[WHISHETN][]=123&attribute[WHISHETN][]=124",
            "attribute[WHISHETN][0]=123&attribute[WHISHETN][1]=124",
            "attribute%5BWHISHETN%5D=123&attribute%5BWHISHETN%5D%5B%5D=124",
            "attribute%5bWHISHETN%5d%5b0%5d=123&attribute%5BWHISHETN%5D=&attribute%5BWHISHETN%5D=124",
        ] {
            assert_eq!(fields(body, "").attributes().unwrap(), expected, "{body}");
            assert_eq!(fields("", body).attributes().unwrap(), expected, "{body}");
        }
        for body in ["attribute[]=1", "attribute[A=1", "attribute[A]x=1", "attribute[A][x]=1", "attributes[A]=1", "attribute[A]=", "Attribute[A]=1"] {
            assert_eq!(fields(body, "").attributes().unwrap(), Vec::new(), "{body}");
        }
        let in_order = fields("attribute[b]=1&attribute[a]=2&attribute[b]=3", "").attributes().unwrap();
        assert_eq!(in_order, vec![("b".to_owned(), vec!["1".to_owned(), "3".to_owned()]), ("a".to_owned(), vec!["2".to_owned()])]);
    }

    #[test]
    fn the_body_counts_before_the_query_and_empty_is_absent() {
        let fields = fields("api_key=&service_code=POTHOLE", "api_key=k&service_code=OTHER&email=%20");
        assert_eq!(fields.get("api_key"), Ok(Some("k")));
        assert_eq!(fields.get("service_code"), Ok(Some("POTHOLE")));
        assert_eq!(fields.get("email"), Ok(None));
        assert_eq!(fields.get("phone"), Ok(None));
    }

    #[test]
    fn bytes_that_are_not_utf8_are_told_by_name_where_the_field_is_read() {
        let fields = fields("description=caf%E9&attribute[TYPE]=%FF", "q=%E9&email=a%40example.org");
        assert_eq!(fields.get("description").unwrap_err().to_string(), "description must be UTF-8");
        assert_eq!(fields.attributes().unwrap_err().to_string(), "TYPE must be UTF-8");
        assert_eq!(fields.get("email"), Ok(Some("a@example.org")));
    }

    #[test]
    fn web_addresses_repeat() {
        let fields = fields("media_url=http://a/1&media_url[]=http://a/2&media_url[2]=http://a/3&media_url=", "media_urls=x");
        assert_eq!(fields.every("media_url"), Ok(vec!["http://a/1", "http://a/2", "http://a/3"]));
    }

    #[test]
    fn too_many_fields_are_refused() {
        assert!(split("a=1&".repeat(2_000).as_bytes()).is_ok());
        assert!(split("a=1&".repeat(2_001).as_bytes()).is_err());
    }

    proptest! {
        #[test]
        fn fuzz_any_bytes_are_a_form(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
            let operation = OPERATIONS.iter().find(|o| o.id == OperationId::CreateRequest).unwrap();
            if let Ok(parsed) = split(&bytes) {
                let fields = Fields::new(operation, parsed, Vec::new(), Vec::new());
                let _ = (fields.get("description").is_ok(), fields.every("media_url").is_ok(), fields.attributes().is_ok());
            }
        }

        #[test]
        fn fuzz_attribute_names_are_read_or_passed_over(name in "(attribute)?[\\[\\]a-z0-9%]{0,20}", value in any::<String>()) {
            let operation = OPERATIONS.iter().find(|o| o.id == OperationId::CreateRequest).unwrap();
            let fields = Fields::new(operation, vec![Field::from_bytes(name.as_bytes(), value.clone().into_bytes())], Vec::new(), Vec::new());
            for (code, values) in fields.attributes().unwrap() {
                prop_assert!(!code.is_empty() && !code.contains(']'));
                prop_assert_eq!(values, vec![value.clone()]);
            }
        }
    }
}
