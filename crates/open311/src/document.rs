//! One answer as a tree, and its two ways onto the wire: XML, and JSON by the Spark mapping (the root's name is dropped, a
//! wrapper of repeated children becomes a list, empty becomes null).

use std::borrow::Cow;
use std::fmt::Write;

use kernel::text::xml_can_hold;
use serde::ser::{Serialize, SerializeMap, SerializeSeq, Serializer};

/// A part of an answer.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Node {
    /// Nothing known: `<x></x>`, `null`.
    Null,
    /// Text. Ids, codes, zip codes and telephone numbers are texts too.
    Text(Cow<'static, str>),
    /// A whole number.
    Whole(i64),
    /// A coordinate.
    Real(f64),
    /// `true` or `false`, in XML as these words.
    Truth(bool),
    /// Named children.
    Object(Vec<(Cow<'static, str>, Node)>),
    /// Repeated children, each an element of this name in XML.
    List(&'static str, Vec<Node>),
}

/// An answer: the root element's name and what is in it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Document {
    /// The XML root; JSON does not show it.
    pub root: &'static str,
    /// All the rest.
    pub node: Node,
}

impl Node {
    /// A text, or nothing when it is empty.
    pub(crate) fn text(text: impl Into<Cow<'static, str>>) -> Self {
        let text = text.into();
        if text.is_empty() { Self::Null } else { Self::Text(text) }
    }

    /// A text that may be missing.
    pub(crate) fn optional(text: Option<impl Into<Cow<'static, str>>>) -> Self {
        text.map_or(Self::Null, Self::text)
    }
}

/// Builds [`Node::Object`] from `name => node` pairs.
macro_rules! object {
    ($($name:expr => $node:expr),* $(,)?) => {
        $crate::document::Node::Object(vec![$((std::borrow::Cow::Borrowed($name), $node)),*])
    };
}
pub(crate) use object;

impl Document {
    /// As XML: no namespace, no attributes, no white space that is not in the texts themselves.
    pub(crate) fn to_xml(&self) -> String {
        let mut out = String::with_capacity(512);
        out.push_str("<?xml version=\"1.0\" encoding=\"utf-8\"?>\n");
        element(&mut out, self.root, &self.node);
        out
    }

    /// As JSON.
    pub(crate) fn to_json(&self) -> Result<Vec<u8>, serde_json::Error> {
        serde_json::to_vec(&self.node)
    }
}

fn element(out: &mut String, name: &str, node: &Node) {
    out.push('<');
    out.push_str(name);
    out.push('>');
    match node {
        Node::Text(text) => push_text(out, text),
        // Writing into a String cannot fail.
        Node::Whole(number) => _ = write!(out, "{number}"),
        Node::Real(number) if number.is_finite() => _ = write!(out, "{number}"),
        Node::Null | Node::Real(_) => {}
        Node::Truth(truth) => _ = write!(out, "{truth}"),
        Node::Object(children) => children.iter().for_each(|(name, child)| element(out, name, child)),
        Node::List(name, children) => children.iter().for_each(|child| element(out, name, child)),
    }
    out.push_str("</");
    out.push_str(name);
    out.push('>');
}

/// Escapes once, and leaves out what XML 1.0 cannot hold: one bad report must not make the whole list unreadable.
fn push_text(out: &mut String, text: &str) {
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            // Readers turn a bare CR into LF; so it is LF from the start, and CRLF is one.
            '\r' if chars.peek() == Some(&'\n') => {}
            '\r' => out.push('\n'),
            c if xml_can_hold(c) => out.push(c),
            _ => {}
        }
    }
}

/// A text as an element's and a JSON key's name: `council-districts` becomes `council_districts`, `911-zones` becomes `_911_zones`.
pub(crate) fn element_name(text: &str) -> Cow<'static, str> {
    let mut name: String = text.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '_' }).collect();
    if !name.starts_with(|c: char| c.is_ascii_alphabetic()) || name.starts_with("xml") {
        name.insert(0, '_');
    }
    Cow::Owned(name)
}

impl Serialize for Node {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_unit(),
            Self::Text(text) => serializer.serialize_str(text),
            Self::Whole(number) => serializer.serialize_i64(*number),
            Self::Real(number) => serializer.serialize_f64(*number),
            Self::Truth(truth) => serializer.serialize_bool(*truth),
            Self::Object(children) => {
                let mut map = serializer.serialize_map(Some(children.len()))?;
                for (name, child) in children {
                    map.serialize_entry(name, child)?;
                }
                map.end()
            }
            Self::List(_, children) => {
                let mut list = serializer.serialize_seq(Some(children.len()))?;
                for child in children {
                    list.serialize_element(child)?;
                }
                list.end()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn one_text(text: &str) -> Document {
        Document { root: "services", node: Node::List("service", vec![object! { "description" => Node::text(text.to_owned()) }]) }
    }

    #[test]
    fn empty_lists_are_an_empty_element_and_an_empty_list() {
        let none = Document { root: "services", node: Node::List("service", Vec::new()) };
        assert_eq!(none.to_xml(), "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<services></services>");
        assert_eq!(none.to_json().unwrap(), b"[]");
    }

    #[test]
    fn nothing_known_is_null_and_an_empty_element() {
        let document = Document {
            root: "errors",
            node: Node::List("error", vec![object! { "code" => Node::Whole(404), "lat" => Node::Real(f64::NAN), "x" => Node::Null }]),
        };
        assert_eq!(String::from_utf8(document.to_json().unwrap()).unwrap(), r#"[{"code":404,"lat":null,"x":null}]"#);
        assert!(document.to_xml().ends_with("<errors><error><code>404</code><lat></lat><x></x></error></errors>"));
    }

    #[test]
    fn names_of_layers_become_names_of_elements() {
        assert_eq!(element_name("council-districts"), "council_districts");
        assert_eq!(element_name("911 Zones"), "_911_zones");
        assert_eq!(element_name("xmlish"), "_xmlish");
        assert_eq!(element_name("Straße"), "stra_e");
        assert_eq!(element_name(""), "_");
    }

    proptest! {
        /// Any text comes back through an XML reader written by others, but for what XML cannot hold.
        #[test]
        fn fuzz_any_text_survives_xml(text in any::<String>()) {
            let xml = one_text(&text).to_xml();
            let read = roxmltree::Document::parse(&xml).unwrap();
            let found: String = read.descendants().filter(|n| n.is_text()).filter_map(|n| n.text()).collect();
            let expected: String = text.replace("\r\n", "\n").replace('\r', "\n").chars().filter(|c| xml_can_hold(*c)).collect();
            prop_assert_eq!(found, expected);
        }

        #[test]
        fn fuzz_any_text_survives_json(text in any::<String>()) {
            let json: serde_json::Value = serde_json::from_slice(&one_text(&text).to_json().unwrap()).unwrap();
            let expected = if text.is_empty() { serde_json::Value::Null } else { text.into() };
            prop_assert_eq!(&json[0]["description"], &expected);
        }

        #[test]
        fn fuzz_any_name_is_an_element_name(text in any::<String>()) {
            let xml = Document { root: "r", node: Node::Object(vec![(element_name(&text), Node::Null)]) }.to_xml();
            prop_assert!(roxmltree::Document::parse(&xml).is_ok(), "{}", xml);
        }
    }
}
