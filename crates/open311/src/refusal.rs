//! Every way in which a call is refused, and the one place where it becomes a status and an error list.

use catalog::CatalogError;
use db::DbError;
use http::StatusCode;
use kernel::Problem;
use requests::PhotoError;

use crate::document::{Document, Node, object};

/// Why a call gets no answer but an error list.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// What was asked for does not exist.
    NotFound(String),
    /// Fields that are not as they should be, each named.
    Problems(Vec<Problem>),
    /// The call as a whole cannot be read.
    Unreadable(String),
    /// No key, a wrong key, or a key without the right.
    Forbidden(String),
    /// The path takes other methods: these.
    WrongMethod(String),
    /// The body is longer than this many bytes.
    TooLarge(usize),
    /// A fault of ours. The cause goes to the log and never to the client.
    Fault(Box<dyn std::error::Error + Send + Sync>),
}

impl Refusal {
    /// One field that is not as it should be.
    pub(crate) fn field(field: &str, message: impl Into<String>) -> Self {
        Self::Problems(vec![Problem::new(field, message)])
    }

    /// The HTTP status, and what to tell. `reference` is what a person can name when asking us about a fault.
    pub(crate) fn tell(&self, reference: &str) -> (StatusCode, Vec<String>) {
        match self {
            Self::NotFound(what) => (StatusCode::NOT_FOUND, vec![what.clone()]),
            Self::Problems(problems) => (StatusCode::BAD_REQUEST, problems.iter().map(|problem| format!("{problem}.")).collect()),
            Self::Unreadable(why) => (StatusCode::BAD_REQUEST, vec![why.clone()]),
            Self::Forbidden(why) => (StatusCode::FORBIDDEN, vec![why.clone()]),
            Self::WrongMethod(allowed) => (StatusCode::METHOD_NOT_ALLOWED, vec![format!("This address takes {allowed}.")]),
            Self::TooLarge(most) => (StatusCode::PAYLOAD_TOO_LARGE, vec![format!("The body may have at most {most} bytes, all files together.")]),
            Self::Fault(_) => {
                (StatusCode::INTERNAL_SERVER_ERROR, vec![format!("Something went wrong here; the call itself was not at fault. Reference: {reference}.")])
            }
        }
    }
}

/// The error list of the standard.
pub(crate) fn error_list(status: StatusCode, descriptions: Vec<String>) -> Document {
    let error = |description| object! { "code" => Node::Whole(i64::from(status.as_u16())), "description" => Node::text(description) };
    Document { root: "errors", node: Node::List("error", descriptions.into_iter().map(error).collect()) }
}

impl From<Problem> for Refusal {
    fn from(problem: Problem) -> Self {
        Self::Problems(vec![problem])
    }
}

impl From<DbError> for Refusal {
    fn from(error: DbError) -> Self {
        Self::Fault(Box::new(error))
    }
}

impl From<CatalogError> for Refusal {
    fn from(error: CatalogError) -> Self {
        Self::Fault(Box::new(error))
    }
}

impl From<PhotoError> for Refusal {
    fn from(error: PhotoError) -> Self {
        Self::Fault(Box::new(error))
    }
}
