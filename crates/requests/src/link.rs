//! The private link: whoever has it may follow the request, without an account.
//!
//! The token is not stored: it is HMAC-SHA-256 of the request's id under the jurisdiction's secret (RFC 2104), cut to
//! 128 bits. It cannot be guessed from the number, and a copy of the tables without the secret gives none away (ADR 0008).

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use staff::Jurisdiction;

use crate::hub::Requests;
use crate::model::RequestId;

impl Requests {
    /// The private token of a request: 32 hexadecimal digits.
    #[must_use]
    pub fn link_token(&self, j: &Jurisdiction, id: RequestId) -> String {
        code(j, id).finalize().into_bytes().iter().take(16).map(|byte| format!("{byte:02x}")).collect()
    }

    /// Whether `token` is that request's private token. Takes the same time for every wrong one.
    #[must_use]
    pub fn check_link(&self, j: &Jurisdiction, id: RequestId, token: &str) -> bool {
        let bytes: Option<Vec<u8>> =
            token.as_bytes().chunks(2).map(|pair| std::str::from_utf8(pair).ok().and_then(|hex| u8::from_str_radix(hex, 16).ok())).collect();
        bytes.is_some_and(|bytes| token.len() == 32 && code(j, id).verify_truncated_left(&bytes).is_ok())
    }
}

fn code(j: &Jurisdiction, id: RequestId) -> Hmac<Sha256> {
    // HMAC takes keys of every length, so this cannot fail; an empty key stands in to keep that out of the signature.
    let mut code = Hmac::<Sha256>::new_from_slice(j.secret.as_bytes()).unwrap_or_else(|_| Hmac::new(&[0; 64].into()));
    code.update(b"cityhall request link v1");
    code.update(&j.id.0.to_be_bytes());
    code.update(id.0.as_bytes());
    code
}
