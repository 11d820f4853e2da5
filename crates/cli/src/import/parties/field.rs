//! The fields of a party.

use std::fmt;

use engage_domain::registry::IdentifierSort as Stored;
use engage_screening::IdentifierSort as Sort;

use crate::import::field::Fields;

/// A field of a party, named as its column is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PartyField {
    /// Who it is.
    Name,
    /// In which role.
    Role,
    /// What it is: a person, an organisation, a matter.
    Kind,
    /// Its other names.
    Aliases,
    /// Its e-mail addresses.
    Email,
    /// Its telephone numbers.
    Phone,
    /// Its numbers in public registers, and tax numbers.
    RegistrationNumber,
    /// When it was born.
    DateOfBirth,
    /// The matter to which it belongs, in the firm's words.
    Matter,
    /// What the other system calls it.
    ExternalId,
}

impl PartyField {
    /// Every field, in the order of the documentation.
    pub const ALL: [Self; 10] = [
        Self::Name,
        Self::Role,
        Self::Kind,
        Self::Aliases,
        Self::Email,
        Self::Phone,
        Self::RegistrationNumber,
        Self::DateOfBirth,
        Self::Matter,
        Self::ExternalId,
    ];

    /// The name in maps and messages.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Role => "role",
            Self::Kind => "kind",
            Self::Aliases => "aliases",
            Self::Email => "email",
            Self::Phone => "phone",
            Self::RegistrationNumber => "registration_number",
            Self::DateOfBirth => "date_of_birth",
            Self::Matter => "matter",
            Self::ExternalId => "external_id",
        }
    }

    /// The field that the registry calls `wire`. Of what it says about the party as a whole, the name is the nearest.
    pub(super) fn of(wire: &str) -> Self {
        let wire = match wire {
            "externalId" => "external_id",
            // Each identifier was looked at on its own; how many there are is left to say.
            "identifiers" => "email",
            wire => wire,
        };
        Self::ALL.into_iter().find(|field| field.as_str() == wire).unwrap_or(Self::Name)
    }

    /// What sort of identifier it holds, if it does.
    pub(super) const fn identifier(self) -> Option<Sort> {
        match self {
            Self::Email => Some(Sort::Email),
            Self::Phone => Some(Sort::Phone),
            Self::RegistrationNumber => Some(Sort::RegistrationNumber),
            Self::DateOfBirth => Some(Sort::DateOfBirth),
            Self::Name | Self::Role | Self::Kind | Self::Aliases | Self::Matter | Self::ExternalId => None,
        }
    }
}

/// The sort as the registry keeps it.
pub(super) const fn stored(sort: Sort) -> Stored {
    match sort {
        Sort::Email => Stored::Email,
        Sort::Phone => Stored::Phone,
        Sort::RegistrationNumber => Stored::RegistrationNumber,
        Sort::DateOfBirth => Stored::DateOfBirth,
    }
}

impl Fields for PartyField {
    const EVERY: &'static [Self] = &Self::ALL;

    fn name(self) -> &'static str {
        self.as_str()
    }
}

impl fmt::Display for PartyField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
