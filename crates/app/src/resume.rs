//! Resume tokens: what lets a client who has not signed in come back to their conversation. Shown once, stored as a hash.

use std::{fmt, str::FromStr};

use engage_domain::{ConversationId, FirmId, Invalid, token::TokenHash};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// How long a resume token works: thirty days, in milliseconds.
pub const RESUME_TTL_MS: i64 = 30 * 24 * 60 * 60 * 1000;
/// Characters of the secret part: 128 bits as hexadecimal digits.
const SECRET_LEN: usize = 32;

/// A resume token, `{firm}.{conversation}.{secret}`: it says where it belongs, so that no table of tokens is needed.
#[derive(Clone, PartialEq, Eq)]
pub struct ResumeToken {
    firm: FirmId,
    conversation: ConversationId,
    text: Box<str>,
}

impl ResumeToken {
    pub(crate) fn new(firm: &FirmId, conversation: ConversationId, secret: [u8; 16]) -> Self {
        let text = format!("{firm}.{conversation}.{:032x}", u128::from_be_bytes(secret));
        Self { firm: firm.clone(), conversation, text: text.into() }
    }

    /// The firm.
    pub const fn firm(&self) -> &FirmId {
        &self.firm
    }

    /// The conversation.
    pub const fn conversation(&self) -> ConversationId {
        self.conversation
    }

    /// The whole token, secret included.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// What is stored of it.
    pub fn hash(&self) -> TokenHash {
        TokenHash::of(&self.text)
    }
}

impl FromStr for ResumeToken {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let malformed = || Invalid::new("must be a resume token");
        let mut parts = text.split('.');
        let (Some(firm), Some(conversation), Some(secret), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(malformed());
        };
        if secret.len() != SECRET_LEN || !secret.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err(malformed());
        }
        let (firm, conversation) = (firm.parse().map_err(|_| malformed())?, conversation.parse());
        Ok(Self { firm, conversation: conversation.map_err(|_| malformed())?, text: text.into() })
    }
}

impl fmt::Debug for ResumeToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.…", self.firm, self.conversation)
    }
}

/// From which the tokens of commands that may be repeated come: the same command gives the same token, though it is stored nowhere.
pub(crate) struct Secret(Hmac<Sha256>);

impl Secret {
    pub(crate) fn derived_from(secret: &[u8]) -> Self {
        let mut mac = keyed(secret);
        mac.update(b"engage resume tokens");
        Self(keyed(&mac.finalize().into_bytes()))
    }

    /// The secret part for the command called `command` on `conversation`.
    pub(crate) fn of(&self, firm: &FirmId, conversation: ConversationId, command: &str) -> [u8; 16] {
        let mut mac = self.0.clone();
        for part in [firm.as_str(), &conversation.to_string(), command] {
            mac.update(&(part.len() as u64).to_be_bytes());
            mac.update(part.as_bytes());
        }
        first_half(&mac.finalize().into_bytes())
    }
}

fn keyed(key: &[u8]) -> Hmac<Sha256> {
    Hmac::new_from_slice(key).expect("HMAC takes a key of any length")
}

/// The first 128 of 256 bits.
pub(crate) fn first_half(bytes: &[u8]) -> [u8; 16] {
    let mut half = [0; 16];
    half.copy_from_slice(&bytes[..16]);
    half
}

#[cfg(test)]
mod tests {
    use engage_domain::ConversationId;

    use super::*;

    fn token(secret: u8) -> ResumeToken {
        ResumeToken::new(
            &"acme-llp".parse().unwrap(),
            ConversationId::named(&"acme-llp".parse().unwrap(), "", "1"),
            [secret; 16],
        )
    }

    #[test]
    fn a_token_reads_as_it_is_written_and_hides_its_secret() {
        let token = token(7);
        assert_eq!(token.as_str().parse::<ResumeToken>().unwrap(), token);
        assert!(!format!("{token:?}").contains("0707"));
    }

    #[test]
    fn text_that_is_no_token_is_refused() {
        let good = token(1);
        for bad in ["", "a.b.c", &good.as_str()[1..], &good.as_str()[..40], &format!("{}.x", good.as_str())] {
            let other = bad.parse::<ResumeToken>();
            assert!(other.is_err() || other.unwrap().hash() != good.hash(), "{bad}");
        }
    }

    #[test]
    fn a_derived_secret_depends_on_key_place_and_command() {
        let (a, b) = (Secret::derived_from(b"a"), Secret::derived_from(b"b"));
        let (firm, id) = ("acme".parse().unwrap(), token(1).conversation());
        assert_eq!(a.of(&firm, id, "c"), a.of(&firm, id, "c"));
        assert_ne!(a.of(&firm, id, "c"), b.of(&firm, id, "c"));
        assert_ne!(a.of(&firm, id, "c"), a.of(&firm, id, "d"));
    }
}
