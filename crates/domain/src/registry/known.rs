//! What a decision is told of the registry, which is too large to be state.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::{Conflict, Evidence, MatchType, Party, PartyRole, Screening, Side};
use crate::{
    aggregate::Version,
    firm::Event,
    id::{ConflictId, ConversationId, PartyId},
    text::Private,
    time::Timestamp,
};

/// What a command must know of the registry to decide.
#[derive(Clone, Copy, Debug)]
pub enum Inquiry<'a> {
    /// Who is known like this party, which has this id if it is to be registered.
    Party {
        /// The id.
        id: Option<PartyId>,
        /// The party.
        party: &'a Party,
    },
    /// A conflict.
    Conflict(ConflictId),
}

/// A party as the registry keeps it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PartyRecord {
    /// Its id.
    pub id: PartyId,
    /// What is known of it.
    pub party: Party,
    /// On whose side it stands.
    pub side: Side,
    /// What the latest screening of it came to.
    pub screening: Screening,
    /// When it was registered.
    pub registered_at: Timestamp,
}

impl PartyRecord {
    /// The record that an event leaves; `before` is the one from before it. None for an event about something else.
    pub fn after(event: &Event, before: Option<&Self>) -> Option<Self> {
        match event {
            Event::PartyRegistered { id, party, side, screening, at, .. }
            | Event::PartyChanged { id, party, side, screening, at, .. } => Some(Self {
                id: *id,
                party: (**party).clone(),
                side: *side,
                screening: (**screening).clone(),
                registered_at: before.map_or(*at, |before| before.registered_at),
            }),
            _ => None,
        }
    }
}

/// A party that may be the one asked for.
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    /// Who.
    pub party: PartyId,
    /// In which role.
    pub role: PartyRole,
    /// On whose side.
    pub side: Side,
    /// Where.
    pub conversation: Option<ConversationId>,
    /// The name of it that matched.
    pub name: Private,
    /// How it was matched.
    pub match_type: MatchType,
    /// How likely it is the same party, 0 to 1.
    pub confidence: f64,
    /// Why.
    pub evidence: Evidence,
    /// The conflict that the two have already.
    pub conflict: Option<Conflict>,
}

/// What is known of an [`Inquiry`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Known {
    /// The version of the rules and weights that compare names.
    pub rules: u32,
    /// The party of that id.
    pub party: Option<PartyRecord>,
    /// The side of the party to which a related entity belongs; none where there is no such party.
    pub related: Option<Side>,
    /// Who may be the party asked for, the likeliest first; never the party itself, nor anybody of its own conversation.
    pub found: Vec<Found>,
    /// How many parties the conversation of the party asked for has.
    pub parties: usize,
    /// The conflict of that id, and the firm's version that touched it last.
    pub conflict: Option<(Version, Conflict)>,
    /// Of the conversations that the inquiry concerns, those in whose way a conflict stands, that of the inquiry not counted.
    pub standing: BTreeSet<ConversationId>,
}

impl Known {
    /// Nothing.
    pub const fn nothing() -> Self {
        Self {
            rules: 0,
            party: None,
            related: None,
            found: vec![],
            parties: 0,
            conflict: None,
            standing: BTreeSet::new(),
        }
    }
}
