//! The fields that an import knows.

use std::fmt;

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

    /// Reads the name; case counts, as on the wire.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|field| field.as_str() == name)
    }

    /// Every name, for a message that lists them.
    pub(super) fn names() -> String {
        Self::ALL.map(Self::as_str).join(", ")
    }
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
