//! A party: who it is, in which role, where.

use serde::{Deserialize, Serialize};

use super::words;
use crate::{
    firm::Rejection,
    id::{ConversationId, PartyId},
    text::{self, Invalid, Private},
};

/// Longest name of a party in bytes; more of a name is not read when parties are compared.
pub const PARTY_NAME_MAX: usize = 400;
/// Most other names of one party.
pub const ALIASES_MAX: usize = 20;
/// Most identifiers of one party.
pub const IDENTIFIERS_MAX: usize = 20;
/// Most parties of one conversation.
pub const PARTIES_MAX: usize = 200;
/// Longest identifier in bytes.
pub const VALUE_MAX: usize = 254;
/// Longest name of a matter that a party belongs to, in bytes.
pub const MATTER_MAX: usize = 200;

/// In which role a party appears.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PartyRole {
    /// Somebody whom the firm represents, represented, or may come to represent: an intake alone creates duties.
    Client,
    /// Somebody against whom a client stands.
    OpposingParty,
    /// Somebody who belongs to a client or to an opposing party: a parent company, an officer, a spouse.
    RelatedEntity,
    /// A matter, such as `Smith v. Acme Corp`.
    Matter,
}

words!(PartyRole {
    Client = "client",
    OpposingParty = "opposing_party",
    RelatedEntity = "related_entity",
    Matter = "matter",
});

/// What a party is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum PartyKind {
    /// A human being.
    Person,
    /// A company, association, authority.
    Organisation,
    /// A matter.
    Matter,
    /// Nobody said.
    #[default]
    Unknown,
}

words!(PartyKind { Person = "person", Organisation = "organisation", Matter = "matter", Unknown = "unknown" });

/// What sort of identifier it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum IdentifierSort {
    /// An e-mail address.
    Email,
    /// A telephone number.
    Phone,
    /// A number in a public register, or a tax number.
    RegistrationNumber,
    /// A date of birth, `YYYY-MM-DD`.
    DateOfBirth,
}

words!(IdentifierSort {
    Email = "email",
    Phone = "phone",
    RegistrationNumber = "registration_number",
    DateOfBirth = "date_of_birth",
});

/// What identifies a party beside its names, as it was given.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Identifier {
    /// What it is.
    pub sort: IdentifierSort,
    /// The identifier.
    pub value: Private,
}

/// What a related entity is to the party to which it belongs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Relation {
    /// The company that owns it.
    Parent,
    /// A company that it owns.
    Subsidiary,
    /// A company with the same owner.
    Affiliate,
    /// One of its officers.
    Officer,
    /// One of its directors.
    Director,
    /// One of its owners.
    Owner,
    /// The husband or wife.
    Spouse,
    /// Another member of the family.
    Relative,
    /// The employer.
    Employer,
    /// The insurer.
    Insurer,
    /// Something else.
    #[default]
    Other,
}

words!(Relation {
    Parent = "parent",
    Subsidiary = "subsidiary",
    Affiliate = "affiliate",
    Officer = "officer",
    Director = "director",
    Owner = "owner",
    Spouse = "spouse",
    Relative = "relative",
    Employer = "employer",
    Insurer = "insurer",
    Other = "other",
});

/// To whom a related entity belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Related {
    /// The party.
    pub to: PartyId,
    /// What it is to them.
    pub relation: Relation,
}

/// A party as it is registered, or asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Party {
    /// In which role it appears.
    pub role: PartyRole,
    /// What it is.
    #[serde(default)]
    pub kind: PartyKind,
    /// Its name.
    pub name: Private,
    /// Its other names: aliases, trade names, former names.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub aliases: Vec<Private>,
    /// What identifies it beside its names.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub identifiers: Vec<Identifier>,
    /// The conversation in which it appears; none for what the firm knew before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conversation: Option<ConversationId>,
    /// To whom a related entity belongs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub related: Option<Related>,
    /// The matter to which it belongs, in the firm's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub matter: Option<Private>,
    /// What it is called in the system that it was imported from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_id: Option<Private>,
}

impl Party {
    /// A party with nothing but a role and a name.
    pub fn named(role: PartyRole, name: &str) -> Self {
        let kind = if role == PartyRole::Matter { PartyKind::Matter } else { PartyKind::Unknown };
        Self {
            role,
            kind,
            name: name.into(),
            aliases: vec![],
            identifiers: vec![],
            conversation: None,
            related: None,
            matter: None,
            external_id: None,
        }
    }

    /// What is known once more is told of it: what was known stays, for a name that was run once stays known.
    pub(crate) fn with(&self, more: &Self) -> Self {
        let folded = |name: &Private| name.as_str().split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase();
        let mut all = self.clone();
        // Known by its name elsewhere, it may come under another name here.
        if folded(&more.name) != folded(&self.name) && !self.aliases.contains(&more.name) {
            all.aliases.push(more.name.clone());
        }
        all.aliases.extend(more.aliases.iter().filter(|alias| !self.aliases.contains(alias)).cloned());
        all.identifiers.extend(more.identifiers.iter().filter(|one| !self.identifiers.contains(one)).cloned());
        if more.kind != PartyKind::Unknown {
            all.kind = more.kind;
        }
        all.related = more.related.or(self.related);
        all.matter = more.matter.clone().or(all.matter);
        all.external_id = more.external_id.clone().or(all.external_id);
        all
    }

    /// The same party in one form, or what is wrong with it.
    pub(crate) fn checked(&self) -> Result<Self, Rejection> {
        let wrong = |field| move |reason| Rejection::Invalid { field, reason };
        let line = |field, text: &Private, max| text::line(text.as_str(), max).map(Private::from).map_err(wrong(field));
        let most = |field, has: usize, max| {
            let told = || wrong(field)(Invalid::new(format!("must be at most {max}, are {has}")));
            if has > max { Err(told()) } else { Ok(()) }
        };
        most("aliases", self.aliases.len(), ALIASES_MAX)?;
        most("identifiers", self.identifiers.len(), IDENTIFIERS_MAX)?;
        if self.related.is_some() && self.role != PartyRole::RelatedEntity {
            return Err(wrong("relatedTo")(Invalid::new("goes only with the role related_entity")));
        }
        let mut aliases = vec![];
        for alias in &self.aliases {
            let alias = line("aliases", alias, PARTY_NAME_MAX)?;
            if !aliases.contains(&alias) {
                aliases.push(alias);
            }
        }
        let mut identifiers = vec![];
        for Identifier { sort, value } in &self.identifiers {
            let identifier = Identifier { sort: *sort, value: line("identifiers", value, VALUE_MAX)? };
            if !identifiers.contains(&identifier) {
                identifiers.push(identifier);
            }
        }
        let name = line("name", &self.name, PARTY_NAME_MAX)?;
        if !name.as_str().chars().any(char::is_alphanumeric) {
            return Err(wrong("name")(Invalid::new("must have a letter or a digit")));
        }
        Ok(Self {
            name,
            aliases,
            identifiers,
            kind: if self.role == PartyRole::Matter { PartyKind::Matter } else { self.kind },
            matter: self.matter.as_ref().map(|matter| line("matter", matter, MATTER_MAX)).transpose()?,
            external_id: self.external_id.as_ref().map(|id| line("externalId", id, VALUE_MAX)).transpose()?,
            ..*self
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_that_is_told_of_a_party_is_added_and_nothing_goes() {
        let mail = |value: &str| Identifier { sort: IdentifierSort::Email, value: value.into() };
        let known = Party {
            kind: PartyKind::Person,
            aliases: vec!["J. Roe".into()],
            identifiers: vec![mail("jane@roe.test")],
            external_id: Some("1".into()),
            ..Party::named(PartyRole::Client, "Jane Roe")
        };
        let told = Party { identifiers: vec![mail("j@roe.test")], ..Party::named(PartyRole::Client, "JANE  roe") };
        let more = known.with(&told);
        assert_eq!((&more.name, &more.aliases, more.kind), (&known.name, &known.aliases, PartyKind::Person));
        assert_eq!(more.identifiers, [mail("jane@roe.test"), mail("j@roe.test")]);
        let renamed = known.with(&Party::named(PartyRole::Client, "Jane Doe"));
        assert_eq!((renamed.name.as_str(), renamed.aliases.len()), ("Jane Roe", 2));
        assert_eq!(renamed.with(&Party::named(PartyRole::Client, "Jane Doe")), renamed);
    }

    #[test]
    fn what_is_wrong_with_a_party_is_named() {
        let party = || Party::named(PartyRole::Client, "Jane Roe");
        let related = Related { to: PartyId::from_ulid(ulid::Ulid(1)), relation: Relation::Parent };
        let wrong = [
            ("name", Party { name: " ".into(), ..party() }),
            ("name", Party { name: "!?".into(), ..party() }),
            ("name", Party { name: "x".repeat(PARTY_NAME_MAX + 1).as_str().into(), ..party() }),
            ("aliases", Party { aliases: vec!["".into()], ..party() }),
            (
                "aliases",
                Party { aliases: (0..=ALIASES_MAX).map(|n| n.to_string().as_str().into()).collect(), ..party() },
            ),
            ("relatedTo", Party { related: Some(related), ..party() }),
            ("matter", Party { matter: Some("\u{7}".into()), ..party() }),
        ];
        for (field, party) in wrong {
            assert!(
                matches!(party.checked(), Err(Rejection::Invalid { field: named, .. }) if named == field),
                "{field}"
            );
        }
        assert_eq!(
            Party::named(PartyRole::Matter, "Roe v. Acme").checked().map(|party| party.kind),
            Ok(PartyKind::Matter)
        );
    }
}
