//! Where a firm's objects and its index are kept, on a host that has the choice.

use std::{collections::HashMap, fmt, str::FromStr};

use engage_domain::FirmId;
use serde::{Deserialize, Serialize};

/// What a word is that names none of what there is.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be one of {0}")]
pub struct Unknown(&'static str);

macro_rules! words {
    ($(#[$doc:meta])* $name:ident: $all:literal { $($(#[$of:meta])* $word:ident = $text:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(rename_all = "lowercase")]
        pub enum $name {
            $($(#[$of])* $word,)+
        }

        impl $name {
            /// The word for it.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$word => $text,)+
                }
            }
        }

        impl FromStr for $name {
            type Err = Unknown;

            fn from_str(text: &str) -> Result<Self, Unknown> {
                match text {
                    $($text => Ok(Self::$word),)+
                    _ => Err(Unknown($all)),
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

words!(
    /// Borders that a firm's data does not leave, of those that Cloudflare offers for objects and for databases alike.
    Jurisdiction: "eu, fedramp" {
        /// The European Union.
        Eu = "eu",
        /// Data centres authorised under FedRAMP.
        Fedramp = "fedramp",
    }
);

words!(
    /// The region near which a firm's objects come into being: a hint, by Cloudflare's names.
    Location: "wnam, enam, sam, weur, eeur, apac, oc, afr, me" {
        /// Western North America.
        Wnam = "wnam",
        /// Eastern North America.
        Enam = "enam",
        /// South America.
        Sam = "sam",
        /// Western Europe.
        Weur = "weur",
        /// Eastern Europe.
        Eeur = "eeur",
        /// Asia and the Pacific.
        Apac = "apac",
        /// Oceania.
        Oc = "oc",
        /// Africa.
        Afr = "afr",
        /// The Middle East.
        Me = "me",
    }
);

impl Location {
    /// Whether databases take the same hint.
    pub const fn is_of_databases(self) -> bool {
        !matches!(self, Self::Sam | Self::Afr | Self::Me)
    }
}

/// Where a firm is kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Placement {
    /// What its data does not leave. Part of the address of each of its objects: with another one they are others, and empty.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub jurisdiction: Option<Jurisdiction>,
    /// What its objects come into being near to.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub location: Option<Location>,
}

impl Placement {
    /// Whether nothing is asked for.
    pub const fn is_anywhere(self) -> bool {
        self.jurisdiction.is_none() && self.location.is_none()
    }
}

impl fmt::Display for Placement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.jurisdiction, self.location) {
            (Some(jurisdiction), _) => write!(f, "within {jurisdiction}"),
            (None, Some(location)) => write!(f, "near {location}"),
            (None, None) => f.write_str("anywhere"),
        }
    }
}

/// Where each firm is kept that is not kept just anywhere.
pub type Placements = HashMap<FirmId, Placement>;

/// What the database of a firm's index is bound as in a Worker: `FIRM_` and the slug in capitals, with underscores for hyphens.
pub fn binding(firm: &FirmId) -> String {
    format!("FIRM_{}", firm.as_str().to_ascii_uppercase().replace('-', "_"))
}

/// The firm whose index is bound as `binding`; none where that is no firm's.
pub fn bound_firm(binding: &str) -> Option<FirmId> {
    let slug = binding.strip_prefix("FIRM_")?.to_ascii_lowercase().replace('_', "-");
    slug.parse().ok().filter(|firm| self::binding(firm) == binding)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_placement_is_read_as_it_is_written_and_nothing_else_is() {
        let text = r#"{"acme":{"jurisdiction":"eu"},"beta":{"location":"weur"}}"#;
        let read: Placements = serde_json::from_str(text).unwrap();
        let acme: FirmId = "acme".parse().unwrap();
        assert_eq!(read[&acme].to_string(), "within eu");
        assert_eq!(serde_json::to_value(&read).unwrap(), serde_json::from_str::<serde_json::Value>(text).unwrap());
        for wrong in [r#"{"acme":{"jurisdiction":"us"}}"#, r#"{"acme":{"juristiction":"eu"}}"#, r#"{"A B":{}}"#] {
            assert!(serde_json::from_str::<Placements>(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_binding_names_its_firm_and_no_other() {
        let firm: FirmId = "acme-llp-2".parse().unwrap();
        assert_eq!(binding(&firm), "FIRM_ACME_LLP_2");
        assert_eq!(bound_firm("FIRM_ACME_LLP_2"), Some(firm));
        for other in ["FIRM_acme", "FIRM_", "FIRM__A", "CACHE", "FIRM_A-B"] {
            assert_eq!(bound_firm(other), None, "{other}");
        }
    }

    #[test]
    fn words_are_the_same_as_text_and_as_json() {
        for word in ["wnam", "enam", "sam", "weur", "eeur", "apac", "oc", "afr", "me"] {
            let location: Location = word.parse().unwrap();
            assert_eq!((location.as_str(), serde_json::to_value(location).unwrap()), (word, word.into()));
        }
        assert_eq!("mars".parse::<Jurisdiction>().unwrap_err().to_string(), "must be one of eu, fedramp");
    }
}
