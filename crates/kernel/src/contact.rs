//! Ways to reach a person, checked once at the edge.

use std::fmt;

use serde::{Deserialize, Serialize};

/// An e-mail address that a mail server would take: one `@`, a name before it, a domain with a dot after it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Email(String);

/// A telephone number as digits, with `+` and the country in front where it was given (E.164 has at most 15 digits).
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Phone(String);

/// Why a text is no e-mail address or telephone number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotAContact {
    /// Not an e-mail address.
    #[error("is not an e-mail address, such as name@example.org")]
    Email,
    /// Not a telephone number.
    #[error("is not a telephone number: give 7 to 15 digits")]
    Phone,
}

impl Email {
    /// Reads an address; the domain is put in lower case.
    ///
    /// # Errors
    /// [`NotAContact::Email`] when no mail server would take it (RFC 5321 lengths: 64 before the `@`, 254 in all).
    pub fn parse(text: &str) -> Result<Self, NotAContact> {
        let text = text.trim();
        let (name, domain) = text.rsplit_once('@').ok_or(NotAContact::Email)?;
        let plain = |c: char| !c.is_whitespace() && !c.is_control() && !"<>()[],;:\\\"@".contains(c);
        let label = |l: &str| !l.is_empty() && l.len() <= 63 && !l.starts_with('-') && !l.ends_with('-') && l.chars().all(|c| c == '-' || c.is_alphanumeric());
        let good = (1..=64).contains(&name.len())
            && text.len() <= 254
            && name.chars().all(plain)
            && !name.starts_with('.')
            && !name.ends_with('.')
            && !name.contains("..")
            && domain.contains('.')
            && domain.split('.').all(label);
        if good { Ok(Self(format!("{name}@{}", domain.to_lowercase()))) } else { Err(NotAContact::Email) }
    }

    /// The address.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Phone {
    /// Reads a number as people write it: blanks, dots, hyphens and brackets are dropped.
    ///
    /// # Errors
    /// [`NotAContact::Phone`] when other characters appear or there are not 7 to 15 digits.
    pub fn parse(text: &str) -> Result<Self, NotAContact> {
        let text = text.trim();
        let (plus, rest) = text.strip_prefix('+').map_or(("", text), |rest| ("+", rest));
        let digits: String = rest.chars().filter(|c| !" .-()/\u{a0}".contains(*c)).collect();
        if (7..=15).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit()) {
            Ok(Self(format!("{plus}{digits}")))
        } else {
            Err(NotAContact::Phone)
        }
    }

    /// Digits, with `+` in front where the country was given.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Email {
    type Error = NotAContact;
    fn try_from(text: String) -> Result<Self, NotAContact> {
        Self::parse(&text)
    }
}

impl TryFrom<String> for Phone {
    type Error = NotAContact;
    fn try_from(text: String) -> Result<Self, NotAContact> {
        Self::parse(&text)
    }
}

impl From<Email> for String {
    fn from(email: Email) -> Self {
        email.0
    }
}

impl From<Phone> for String {
    fn from(phone: Phone) -> Self {
        phone.0
    }
}

impl fmt::Display for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for Phone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_people_use_are_taken() {
        assert_eq!(Email::parse(" Ana.Ruiz+311@Example.ORG ").unwrap().as_str(), "Ana.Ruiz+311@example.org");
        for bad in ["", "ana", "ana@", "@example.org", "ana@example", "a b@example.org", "ana@-x.org", "a@b@example.org", "ana..r@example.org"] {
            assert_eq!(Email::parse(bad), Err(NotAContact::Email), "{bad}");
        }
    }

    #[test]
    fn numbers_people_write_are_taken() {
        assert_eq!(Phone::parse("(816) 555-0142").unwrap().as_str(), "8165550142");
        assert_eq!(Phone::parse("+1 816.555.0142").unwrap().as_str(), "+18165550142");
        for bad in ["", "311", "call me", "555-0142 x9", "1234567890123456"] {
            assert_eq!(Phone::parse(bad), Err(NotAContact::Phone), "{bad}");
        }
    }
}
