//! Ids as types. Conversations, users and entries carry ULIDs (26 characters of Crockford's base 32, sortable by time);
//! a firm is a slug, because people type it and it names a folder.

use std::{fmt, str::FromStr, sync::Arc};

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest, Sha256};
use ulid::Ulid;

use crate::text::Invalid;

/// Longest firm slug; it is part of file names, URLs and D1 binding names.
pub const FIRM_ID_MAX: usize = 40;

/// A firm's slug: 1 to 40 lower-case letters, digits and single hyphens between them, such as `acme-llp`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FirmId(Arc<str>);

impl FirmId {
    /// The slug.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for FirmId {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let well_formed = (1..=FIRM_ID_MAX).contains(&text.len())
            && !text.starts_with('-')
            && !text.ends_with('-')
            && !text.contains("--")
            && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        if well_formed {
            Ok(Self(text.into()))
        } else {
            Err(Invalid::new(format!("must be 1 to {FIRM_ID_MAX} lower-case letters, digits and single hyphens")))
        }
    }
}

impl fmt::Display for FirmId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for FirmId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for FirmId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for FirmId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        std::borrow::Cow::<str>::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

macro_rules! ulid_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Ulid);

        impl $name {
            /// Wraps a ULID that the runtime drew.
            pub const fn from_ulid(ulid: Ulid) -> Self {
                Self(ulid)
            }

            /// The ULID.
            pub const fn as_ulid(self) -> Ulid {
                self.0
            }

            /// The id that `name` has in `firm` within `space`, always the same one: what a name-based UUID (RFC 9562,
            /// section 5.8) is among UUIDs. Its time part carries no time.
            pub fn named(firm: &FirmId, space: &str, name: &str) -> Self {
                let mut hash = Sha256::new();
                for part in [stringify!($name), firm.as_str(), space, name] {
                    hash.update((part.len() as u64).to_be_bytes());
                    hash.update(part.as_bytes());
                }
                let digest = hash.finalize();
                let mut bytes = [0; 16];
                bytes.copy_from_slice(&digest[..16]);
                Self(Ulid::from_bytes(bytes))
            }
        }

        impl FromStr for $name {
            type Err = Invalid;

            fn from_str(text: &str) -> Result<Self, Invalid> {
                // 26 characters hold 130 bits. Above 7 the first one would lose its top bits, and two texts name one id.
                let fits = text.starts_with(|first| matches!(first, '0'..='7'));
                let ulid = Ulid::from_string(text).ok().filter(|_| fits);
                ulid.map(Self).ok_or_else(|| Invalid::new("must be a ULID of 26 characters"))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.0.array_to_str(&mut [0; ulid::ULID_LEN]))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.0.array_to_str(&mut [0; ulid::ULID_LEN]))
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                std::borrow::Cow::<str>::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

ulid_id!(
    /// A conversation; `sessionId` on the wire and in the index, as the specification names it.
    ConversationId
);
ulid_id!(
    /// A person known to a firm: staff or client.
    UserId
);
ulid_id!(
    /// A journal entry; the `auditId` of its audit row and, for an added message, the message's id.
    EntryId
);

ulid_id!(
    /// A party that the firm knows: who it is in which role, in one conversation or in none.
    PartyId
);
ulid_id!(
    /// A conflict of interest between two parties.
    ConflictId
);

impl PartyId {
    /// The id of the party called `name` in a role of a conversation, or of none. Spaces and letter case make no other party, so naming
    /// somebody twice meets the same one.
    pub fn of(firm: &FirmId, conversation: Option<ConversationId>, role: &str, name: &str) -> Self {
        let place = conversation.map(|id| id.to_string()).unwrap_or_default();
        let folded = name.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase();
        Self::named(firm, "party", &format!("{place}/{role}/{folded}"))
    }
}

impl ConflictId {
    /// The id of the conflict between two parties, whichever comes first: two parties have one conflict.
    pub fn between(a: PartyId, b: PartyId) -> Self {
        let mut hash = Sha256::new();
        for party in [a.min(b), a.max(b)] {
            hash.update(party.as_ulid().to_bytes());
        }
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&hash.finalize()[..16]);
        Self(Ulid::from_bytes(bytes))
    }
}

impl UserId {
    /// The id of the user whom an identity provider calls `subject`: a ULID is taken as it is, an e-mail address is the
    /// user registered under it, any other subject is mapped to a name-based id. No look-up and no race decides who
    /// somebody is.
    pub fn from_subject(firm: &FirmId, subject: &str) -> Self {
        match (subject.parse(), crate::text::email(subject)) {
            (Ok(id), _) => id,
            (Err(_), Ok(email)) => Self::from_email(firm, &email),
            (Err(_), Err(_)) => Self::named(firm, "subject", subject),
        }
    }

    /// The id of the user registered under `email`, which is lower case already. Registering twice meets the same object.
    pub fn from_email(firm: &FirmId, email: &str) -> Self {
        Self::named(firm, "email", email)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn firm_ids_are_slugs() {
        for good in ["a", "acme", "acme-llp", "7-eleven"] {
            assert_eq!(good.parse::<FirmId>().unwrap().as_str(), good);
        }
        for bad in ["", "-a", "a-", "a--b", "Acme", "a b", "../etc", "é", &"a".repeat(41)] {
            assert!(bad.parse::<FirmId>().is_err(), "{bad}");
        }
    }

    #[test]
    fn ulids_have_26_characters_and_round_trip() {
        let id = UserId::from_ulid(Ulid::from_parts(1_700_000_000_000, 42));
        assert_eq!(id.to_string().len(), 26);
        assert_eq!(id.to_string().parse::<UserId>().unwrap(), id);
        assert!("not-a-ulid".parse::<UserId>().is_err());
    }

    #[test]
    fn a_ulid_beyond_128_bits_is_refused_rather_than_cut_to_another_id() {
        assert!("7ZZZZZZZZZZZZZZZZZZZZZZZZZ".parse::<UserId>().is_ok());
        for bad in ["80000000000000000000000000", "ZZZZZZZZZZZZZZZZZZZZZZZZZZ", ""] {
            assert!(bad.parse::<UserId>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_named_id_depends_on_firm_space_and_name() {
        let (a, b) = ("a".parse().unwrap(), "b".parse().unwrap());
        assert_eq!(UserId::named(&a, "s", "n"), UserId::named(&a, "s", "n"));
        assert_ne!(UserId::named(&a, "s", "n"), UserId::named(&b, "s", "n"));
        assert_ne!(UserId::named(&a, "s", "n"), UserId::named(&a, "sn", ""));
    }
}
