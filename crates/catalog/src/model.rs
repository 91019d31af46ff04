//! What a city offers: a service, the questions it asks, and how it wants to be shown and taken in.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// A kind of request that residents can make. Codes are `[A-Za-z0-9_-]{1,100}`; texts are in the catalog's language.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Service {
    /// What programs call it, unique in the jurisdiction.
    pub code: String,
    /// What people call it.
    pub name: String,
    /// The category it is listed under.
    pub group: Option<String>,
    /// One or two sentences on what it covers.
    pub description: String,
    /// Everyday words by which people look for it.
    pub words: Vec<String>,
    /// Names it had in earlier years. They live beside the service, not in its versions.
    #[serde(skip)]
    pub aliases: Vec<String>,
    /// Its texts in other languages, by language code (`es`).
    pub languages: BTreeMap<String, ServiceText>,
    /// How a request of it gets its number.
    pub kind: Intake,
    /// Who may see and ask for it.
    pub visibility: Visibility,
    /// Whether new requests may be made.
    pub active: bool,
    /// Whether it was met in imported records and is not (yet) offered by the city.
    pub imported: bool,
    /// The department that gets its requests when no rule says otherwise.
    pub department: Option<String>,
    /// The team in that department.
    pub work_group: Option<String>,
    /// Its questions and notices, in the order shown.
    pub questions: Vec<Question>,
    /// When two requests may be about the same thing.
    pub duplicate: Option<DuplicateRule>,
    /// Whether a request must say where.
    pub needs_place: bool,
    /// Why a way to reach the resident is needed, when it is: shown beside the question.
    pub needs_contact: Option<String>,
    /// What to ask and say before taking the request when life may be in danger.
    pub emergency: Option<Screening>,
    /// What the resident is told when the request is in (Open311 `service_notice`).
    pub notice: Option<String>,
    /// The priority a request starts with.
    pub default_priority: Priority,
    /// For how many days after closing a resident may contest the outcome.
    pub reopen_days: u32,
    /// Pictures.
    pub photos: PhotoRule,
}

impl Default for Service {
    fn default() -> Self {
        Self {
            code: String::new(),
            name: String::new(),
            group: None,
            description: String::new(),
            words: Vec::new(),
            aliases: Vec::new(),
            languages: BTreeMap::new(),
            kind: Intake::Realtime,
            visibility: Visibility::Public,
            active: true,
            imported: false,
            department: None,
            work_group: None,
            questions: Vec::new(),
            duplicate: None,
            needs_place: true,
            needs_contact: None,
            emergency: None,
            notice: None,
            default_priority: Priority::Normal,
            reopen_days: 30,
            photos: PhotoRule::default(),
        }
    }
}

impl Service {
    /// The name in `language`, or the catalog's own.
    #[must_use]
    pub fn name_in(&self, language: &str) -> &str {
        self.languages.get(language).and_then(|text| text.name.as_deref()).unwrap_or(&self.name)
    }

    /// The description in `language`, or the catalog's own.
    #[must_use]
    pub fn description_in(&self, language: &str) -> &str {
        self.languages.get(language).and_then(|text| text.description.as_deref()).unwrap_or(&self.description)
    }

    /// What the resident is told when the request is in, in `language` or the catalog's own.
    #[must_use]
    pub fn notice_in(&self, language: &str) -> Option<&str> {
        self.languages.get(language).and_then(|text| text.notice.as_deref()).or(self.notice.as_deref())
    }

    /// Everyday words of every language, the catalog's own first, none twice.
    #[must_use]
    pub fn keywords(&self) -> Vec<&str> {
        let mut out: Vec<&str> = Vec::new();
        for word in self.words.iter().chain(self.languages.values().flat_map(|text| &text.words)) {
            if !out.contains(&word.as_str()) {
                out.push(word);
            }
        }
        out
    }

    /// The question with this code.
    #[must_use]
    pub fn question(&self, code: &str) -> Option<&Question> {
        self.questions.iter().find(|q| q.code == code)
    }

    /// Whether somebody of the public may ask for it now.
    #[must_use]
    pub fn is_offered(&self) -> bool {
        self.active && self.visibility == Visibility::Public
    }
}

/// A service's texts in another language. What is missing is shown in the catalog's own.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ServiceText {
    /// The name.
    pub name: Option<String>,
    /// The description.
    pub description: Option<String>,
    /// The notice after a request.
    pub notice: Option<String>,
    /// Everyday words.
    pub words: Vec<String>,
}

/// Declares an enum of plain words with its text form.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $text:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        pub enum $name { $($(#[$vdoc])* #[serde(rename = $text)] $variant),+ }

        impl $name {
            /// Every value, in order.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The word that files and interfaces use.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text),+ }
            }

            /// The value of a word.
            #[must_use]
            pub fn parse(text: &str) -> Option<Self> {
Self::ALL.iter().copied().find(|value| value.as_str() == text)
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}
pub(crate) use words;

words! {
    /// How a request gets its number (Open311 `type`).
    Intake {
        /// At once.
        Realtime = "realtime",
        /// Later, found with a token.
        Batch = "batch",
        /// Never told.
        Blackbox = "blackbox",
    }
}

words! {
    /// Who may see a service and ask for it.
    Visibility {
        /// Everybody.
        Public = "public",
        /// Staff make its requests; the public sees none of it.
        StaffOnly = "staff-only",
        /// Everybody reads about it; no request is made (another body's task, or just information).
        InformationOnly = "information-only",
    }
}

words! {
    /// How pressing a request is; each may have its own target.
    Priority {
        /// Can wait.
        Low = "low",
        /// The usual.
        Normal = "normal",
        /// Sooner than usual.
        High = "high",
        /// Danger or damage now.
        Urgent = "urgent",
    }
}

words! {
    /// What an answer is made of (Open311 `datatype`).
    Datatype {
        /// One line of text.
        String = "string",
        /// A number.
        Number = "number",
        /// A date or a moment.
        Datetime = "datetime",
        /// Text of several lines.
        Text = "text",
        /// One of the values.
        SingleValueList = "singlevaluelist",
        /// Any number of the values.
        MultiValueList = "multivaluelist",
    }
}

impl Datatype {
    /// Whether answers are keys of the question's values.
    #[must_use]
    pub fn is_list(self) -> bool {
        matches!(self, Self::SingleValueList | Self::MultiValueList)
    }
}

/// A question of a service, or a notice among them (`variable` false) that asks nothing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Question {
    /// What programs call it, unique in the service; matched exactly, case too.
    pub code: String,
    /// The question, or the notice's text.
    pub ask: String,
    /// Whether there is something to answer.
    pub variable: bool,
    /// What an answer is made of.
    pub datatype: Datatype,
    /// Whether it must be answered when it is asked.
    pub required: bool,
    /// What to put in (Open311 `datatype_description`).
    pub hint: Option<String>,
    /// 1, 2, 3… as it stands in the service.
    pub order: u32,
    /// What can be chosen, for the two list types.
    pub values: Vec<Choice>,
    /// Asked only after certain answers to an earlier question.
    pub ask_when: Option<AskWhen>,
    /// The most characters of an answer.
    pub most: Option<u32>,
    /// The smallest number.
    pub min: Option<f64>,
    /// The largest number.
    pub max: Option<f64>,
    /// Its texts in other languages, by language code.
    pub languages: BTreeMap<String, QuestionText>,
}

impl Default for Question {
    fn default() -> Self {
        Self {
            code: String::new(),
            ask: String::new(),
            variable: true,
            datatype: Datatype::String,
            required: false,
            hint: None,
            order: 1,
            values: Vec::new(),
            ask_when: None,
            most: None,
            min: None,
            max: None,
            languages: BTreeMap::new(),
        }
    }
}

impl Question {
    /// The wording in `language`, or the catalog's own.
    #[must_use]
    pub fn ask_in(&self, language: &str) -> &str {
        self.languages.get(language).and_then(|text| text.ask.as_deref()).unwrap_or(&self.ask)
    }

    /// What people read for the value `key`, in `language` or the catalog's own; the key itself when there is no such value.
    #[must_use]
    pub fn value_name<'a>(&'a self, key: &'a str, language: &str) -> &'a str {
        let translated = self.languages.get(language).and_then(|text| text.values.get(key)).map(String::as_str);
        translated.or_else(|| self.values.iter().find(|v| v.key == key).map(|v| v.name.as_str())).unwrap_or(key)
    }
}

/// A question's texts in another language. What is missing is shown in the catalog's own.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct QuestionText {
    /// The wording.
    pub ask: Option<String>,
    /// The hint.
    pub hint: Option<String>,
    /// Names of values by their key.
    pub values: BTreeMap<String, String>,
}

/// One value of a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Choice {
    /// What programs send.
    pub key: String,
    /// What people read.
    pub name: String,
}

/// When a question is asked: an earlier question has one of these answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AskWhen {
    /// The earlier question's code.
    pub question: String,
    /// The answers (keys, for lists) after which it is asked.
    pub is: Vec<String>,
}

/// How near in place and time two open requests must be to be offered as the same.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct DuplicateRule {
    /// Metres.
    pub radius_m: f64,
    /// Days before.
    pub days: u32,
}

/// Asked before a request is taken, because this program does not answer emergencies.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Screening {
    /// Questions to answer with yes or no.
    pub questions: Vec<String>,
    /// What to say when one is answered with yes.
    pub say: String,
}

/// Pictures with a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PhotoRule {
    /// The most pictures; 0 means that none are taken.
    pub most: u32,
    /// What a good picture shows.
    pub hint: Option<String>,
}

impl Default for PhotoRule {
    fn default() -> Self {
        Self { most: 5, hint: None }
    }
}

/// Whether `code` is one that catalogs use: 1 to 100 of ASCII letters, digits, `_` and `-`.
#[must_use]
pub fn is_code(code: &str) -> bool {
    (1..=100).contains(&code.len()) && code.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
}
