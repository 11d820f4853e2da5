//! The rules of adversity: which match of names is a conflict of interest.
//!
//! | new | conflicts with, in another conversation or in none | rule |
//! |---|---|---|
//! | client | opposing party | 1.7: adverse to a current client; 1.18: to a prospective one |
//! | opposing party | client, current or former | 1.7, 1.9 |
//! | related entity of a client | as a client does | 1.7, comment 34 |
//! | related entity of an opposing party | as an opposing party does | 1.7, comment 34 |
//! | related entity of nobody named | client, opposing party, related entity | both of the above, for it may be either |
//! | matter | the same matter | 1.7: both sides of one matter |
//!
//! Who is on the same side is no conflict: the same client again, or one opponent of two clients, is information. A client stays one
//! whatever became of the conversation, so former clients need no rule of their own.

use super::{PartyRole, words};

/// On whose side a party stands in its own matter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Side {
    /// The client's.
    Client,
    /// The opposing party's.
    Opposing,
    /// Nobody said; it may be either.
    Either,
    /// It is a matter, not a party.
    Matter,
}

words!(Side { Client = "client", Opposing = "opposing", Either = "either", Matter = "matter" });

impl Side {
    /// The side of a party in a role; `related` is the side of the party to which a related entity belongs.
    pub fn of(role: PartyRole, related: Option<Self>) -> Self {
        match role {
            PartyRole::Client => Self::Client,
            PartyRole::OpposingParty => Self::Opposing,
            PartyRole::RelatedEntity => related.filter(|side| *side != Self::Matter).unwrap_or(Self::Either),
            PartyRole::Matter => Self::Matter,
        }
    }

    /// Whether two parties of these sides are adverse when they are the same.
    pub const fn is_adverse_to(self, other: Self) -> bool {
        match (self, other) {
            (Self::Client, Self::Opposing) | (Self::Opposing, Self::Client) | (Self::Matter, Self::Matter) => true,
            (Self::Either, Self::Client | Self::Opposing | Self::Either)
            | (Self::Client | Self::Opposing, Self::Either) => true,
            (Self::Client, Self::Client) | (Self::Opposing, Self::Opposing) => false,
            (Self::Matter, _) | (_, Self::Matter) => false,
        }
    }
}

/// What a conflict is with; the index's `conflictType`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ConflictType {
    /// A client of the firm.
    Client,
    /// Somebody against whom a client of the firm stands.
    OpposingParty,
    /// A matter that the firm has on another side.
    Matter,
    /// Somebody who belongs to either.
    Entity,
}

words!(ConflictType { Client = "client", OpposingParty = "opposing_party", Matter = "matter", Entity = "entity" });

/// What conflict it is when a party of the side `new` turns out to be the one found in `role` on the side `found`; none: it is information.
pub const fn conflict_type(new: Side, found: Side, role: PartyRole) -> Option<ConflictType> {
    if !new.is_adverse_to(found) {
        return None;
    }
    Some(match role {
        PartyRole::Client => ConflictType::Client,
        PartyRole::OpposingParty => ConflictType::OpposingParty,
        PartyRole::RelatedEntity => ConflictType::Entity,
        PartyRole::Matter => ConflictType::Matter,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn adversity_is_mutual_and_nobody_is_adverse_to_their_own_side() {
        for a in Side::ALL {
            for b in Side::ALL {
                assert_eq!(a.is_adverse_to(b), b.is_adverse_to(a), "{a:?} {b:?}");
            }
        }
        assert!(!Side::Client.is_adverse_to(Side::Client) && !Side::Opposing.is_adverse_to(Side::Opposing));
        assert!(!Side::Client.is_adverse_to(Side::Matter));
    }

    #[test]
    fn a_related_entity_stands_with_whom_it_belongs_to() {
        assert_eq!(Side::of(PartyRole::RelatedEntity, Some(Side::Opposing)), Side::Opposing);
        assert_eq!(Side::of(PartyRole::RelatedEntity, None), Side::Either);
        assert_eq!(Side::of(PartyRole::RelatedEntity, Some(Side::Matter)), Side::Either);
        assert_eq!(Side::of(PartyRole::Client, Some(Side::Opposing)), Side::Client);
    }

    #[test]
    fn a_conflict_is_called_after_what_was_found() {
        assert_eq!(conflict_type(Side::Opposing, Side::Client, PartyRole::Client), Some(ConflictType::Client));
        assert_eq!(conflict_type(Side::Client, Side::Opposing, PartyRole::RelatedEntity), Some(ConflictType::Entity));
        assert_eq!(conflict_type(Side::Client, Side::Client, PartyRole::Client), None);
        assert_eq!(conflict_type(Side::Matter, Side::Matter, PartyRole::Matter), Some(ConflictType::Matter));
    }
}
