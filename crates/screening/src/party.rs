//! What goes in: a party, as it is registered and as it is asked for.

use serde::{Deserialize, Serialize};

use crate::{identifier::Identifier, name::Kind};

/// What a party is called by whoever keeps it; means nothing here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Handle(pub u32);

/// A party, to be kept or to be looked for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Party {
    /// Its name.
    pub name: String,
    /// Its other names: aliases, trade names, former names.
    #[serde(default)]
    pub aliases: Vec<String>,
    /// What it is.
    #[serde(default)]
    pub kind: Kind,
    /// What identifies it beside its names.
    #[serde(default)]
    pub identifiers: Vec<Identifier>,
}

impl Party {
    /// A party with nothing but a name.
    pub fn named(name: impl Into<String>) -> Self {
        Self { name: name.into(), ..Self::default() }
    }

    /// The same party as a party of this kind.
    #[must_use]
    pub fn of_kind(self, kind: Kind) -> Self {
        Self { kind, ..self }
    }

    /// The same party with other names.
    #[must_use]
    pub fn also_known_as<T: Into<String>>(self, aliases: impl IntoIterator<Item = T>) -> Self {
        Self { aliases: aliases.into_iter().map(Into::into).collect(), ..self }
    }

    /// The same party with an identifier more.
    #[must_use]
    pub fn identified_by(mut self, identifier: Option<Identifier>) -> Self {
        self.identifiers.extend(identifier);
        self
    }
}
