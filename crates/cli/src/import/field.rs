//! The fields that an import knows.

use std::fmt;

use super::Error;

/// A field of an imported conversation, named as on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Field {
    /// The client's full name.
    ClientName,
    /// The client's e-mail address.
    ClientEmail,
    /// The client's phone number.
    ClientPhone,
    /// The practice area; becomes a slug.
    PracticeArea,
    /// The area of law, in the client's or the firm's words.
    LegalArea,
    /// What happened.
    Situation,
    /// Whether it goes on: see the status vocabulary.
    Status,
    /// When it began.
    CreatedAt,
    /// When somebody last did something in it.
    LastActivity,
    /// Who is responsible: an e-mail address or a user id.
    AssignedTo,
    /// The client's first message.
    Message,
}

impl Field {
    /// Every field, in the order of the documentation.
    pub const ALL: [Self; 11] = [
        Self::ClientName,
        Self::ClientEmail,
        Self::ClientPhone,
        Self::PracticeArea,
        Self::LegalArea,
        Self::Situation,
        Self::Status,
        Self::CreatedAt,
        Self::LastActivity,
        Self::AssignedTo,
        Self::Message,
    ];

    /// The name in maps and messages.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ClientName => "clientName",
            Self::ClientEmail => "clientEmail",
            Self::ClientPhone => "clientPhone",
            Self::PracticeArea => "practiceArea",
            Self::LegalArea => "legalArea",
            Self::Situation => "situation",
            Self::Status => "status",
            Self::CreatedAt => "createdAt",
            Self::LastActivity => "lastActivity",
            Self::AssignedTo => "assignedTo",
            Self::Message => "message",
        }
    }
}

/// What the rows of one kind of file are made of.
pub(super) trait Fields: Copy + Ord + 'static {
    /// Every field, in the order of the documentation.
    const EVERY: &'static [Self];

    /// Its name in maps and messages.
    fn name(self) -> &'static str;

    /// Reads the name.
    fn named(name: &str) -> Result<Self, Error> {
        let name = name.trim();
        let known = Self::EVERY.iter().copied().find(|field| field.name() == name);
        known.ok_or_else(|| Error::UnknownField { name: name.to_owned(), known: Self::names() })
    }

    /// Every name, for a message that lists them.
    fn names() -> String {
        Self::EVERY.iter().map(|field| field.name()).collect::<Vec<_>>().join(", ")
    }
}

impl Fields for Field {
    const EVERY: &'static [Self] = &Self::ALL;

    fn name(self) -> &'static str {
        self.as_str()
    }
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
