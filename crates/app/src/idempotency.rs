//! What makes a write safe to repeat, and safe against somebody else's: the caller's key and the version they saw.

use engage_domain::{Invalid, Role, Version};
use engage_journal::CommandId;
use sha2::{Digest, Sha256};

use crate::{Caller, resume::first_half};

/// Longest key in bytes.
pub const KEY_MAX: usize = 255;
/// Shortest key of a visitor in bytes. Visitors of one firm share a space of keys, and who repeats a visitor's key and request gets
/// that visitor's resume token: such a key must not be guessable.
pub const VISITOR_KEY_MIN: usize = 16;

/// A caller's key for one request, and a hash of that request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdempotencyKey {
    key: Box<str>,
    /// A hash of the scope: command ids are stored, and a path may hold a resume token.
    scope: u128,
    fingerprint: [u8; 32],
}

impl IdempotencyKey {
    /// The key `key` for what `scope` names (a method and a path, say) with the content `body`.
    pub fn new(key: &str, scope: &str, body: &[u8]) -> Result<Self, Invalid> {
        if !(1..=KEY_MAX).contains(&key.len()) || !key.bytes().all(|b| b.is_ascii_graphic()) {
            return Err(Invalid::new(format!("must be 1 to {KEY_MAX} visible ASCII characters")));
        }
        let mut hash = Sha256::new();
        hash.update((scope.len() as u64).to_be_bytes());
        hash.update(scope.as_bytes());
        let scope = u128::from_be_bytes(first_half(&hash.clone().finalize()));
        hash.update(body);
        Ok(Self { key: key.into(), scope, fingerprint: hash.finalize().into() })
    }

    /// The key as the caller gave it.
    pub fn as_str(&self) -> &str {
        &self.key
    }
}

/// The conditions of a write.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Write {
    /// The caller's key; none: repeating the request repeats its effect.
    pub key: Option<IdempotencyKey>,
    /// The version that the object must have; none: any.
    pub expected: Option<Version>,
}

impl Write {
    /// The name of the command that this write comes to as its `step`-th, from 0.
    pub(crate) fn command_id(&self, caller: &Caller, step: u8) -> Option<CommandId> {
        let IdempotencyKey { key, scope, fingerprint } = self.key.as_ref()?;
        let who = match (caller.actor.user_id, &caller.conversation) {
            (Some(user), _) => user.to_string(),
            (None, Some(conversation)) => format!("visitor:{conversation}"),
            (None, None) => caller.actor.role.to_string(),
        };
        let id = match step {
            0 => format!("{who}|{scope:032x}|{key}"),
            step => format!("{who}|{scope:032x}|{key}|{step}"),
        };
        Some(CommandId { id: id.into(), fingerprint: *fingerprint })
    }

    /// Refuses a visitor's key that could be guessed.
    pub(crate) fn check_visitor(&self, role: Role) -> Result<(), Invalid> {
        let short = self.key.as_ref().is_some_and(|key| key.key.len() < VISITOR_KEY_MIN);
        if role == Role::Visitor && short {
            Err(Invalid::new(format!("must be at least {VISITOR_KEY_MIN} random characters")))
        } else {
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_visible_ascii_of_bounded_length() {
        for good in ["a", "4f9c-…".trim_end_matches('…'), &"k".repeat(KEY_MAX)] {
            assert!(IdempotencyKey::new(good, "s", b"").is_ok(), "{good}");
        }
        for bad in ["", "a b", "é", "\u{7f}", &"k".repeat(KEY_MAX + 1)] {
            assert!(IdempotencyKey::new(bad, "s", b"").is_err(), "{bad}");
        }
    }

    #[test]
    fn the_fingerprint_tells_scope_and_body_apart() {
        let fingerprint = |scope: &str, body: &[u8]| IdempotencyKey::new("k", scope, body).unwrap().fingerprint;
        assert_eq!(fingerprint("s", b"x"), fingerprint("s", b"x"));
        assert_ne!(fingerprint("s", b"x"), fingerprint("s", b"y"));
        assert_ne!(fingerprint("s", b"x"), fingerprint("sx", b""));
    }
}
