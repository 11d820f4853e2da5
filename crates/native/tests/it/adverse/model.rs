//! The model: what the firm's committed turns make of parties, conflicts and conversations.
//!
//! It knows names by their numbers and nothing of screens, letters, versions or crashes.

use std::collections::{BTreeMap, BTreeSet};

use engage_domain::{
    ConflictId, ConversationId, PartyId,
    conversation::ConflictStatus,
    firm::Event,
    registry::{Screening, Side},
};

use super::pairs::Planned;

/// A party that is registered.
#[derive(Debug)]
pub(crate) struct Known {
    pub(crate) conversation: ConversationId,
    pub(crate) side: Side,
    pub(crate) keys: BTreeSet<u64>,
    pub(crate) screening: Screening,
}

/// A conflict that was found.
#[derive(Debug)]
pub(crate) struct Standing {
    conversations: [ConversationId; 2],
    pub(crate) open: bool,
    declined: Option<ConversationId>,
}

impl Standing {
    fn stands_for(&self, conversation: ConversationId) -> bool {
        self.conversations.contains(&conversation) && (self.open || self.declined == Some(conversation))
    }
}

#[derive(Debug, Default)]
pub(crate) struct Model {
    pub(crate) parties: BTreeMap<PartyId, Known>,
    pub(crate) conflicts: BTreeMap<ConflictId, Standing>,
    pub(crate) conversations: BTreeSet<ConversationId>,
}

const fn adverse(one: Side, other: Side) -> bool {
    matches!(
        (one, other),
        (Side::Client, Side::Opposing | Side::Either)
            | (Side::Opposing, Side::Client | Side::Either)
            | (Side::Either, Side::Client | Side::Opposing | Side::Either)
            | (Side::Matter, Side::Matter)
    )
}

impl Model {
    /// A party was named, and that was committed. Says what is wrong with what the firm made of it.
    pub(crate) fn named(&mut self, planned: &Planned, events: &[Event]) -> Result<(), String> {
        let conversation = planned.party.conversation.expect("each is named in a conversation");
        let before = self.parties.get(&planned.id);
        let mut keys = planned.keys.clone();
        keys.extend(before.iter().flat_map(|before| before.keys.iter().copied()));
        let screening = match (events.first(), before) {
            (Some(Event::PartyRegistered { id, side, screening, .. }), None)
            | (Some(Event::PartyChanged { id, side, screening, .. }), Some(_))
                if (*id, *side) == (planned.id, planned.side) =>
            {
                (**screening).clone()
            }
            (None, Some(before)) if before.keys == keys => return Ok(()),
            (first, before) => return Err(format!("{planned:?} led to {first:?} after {before:?}")),
        };
        let alike = self.parties.iter().filter(|(id, known)| {
            **id != planned.id
                && known.conversation != conversation
                && adverse(known.side, planned.side)
                && !known.keys.is_disjoint(&keys)
        });
        let expected: BTreeMap<_, _> = alike
            .map(|(id, known)| (ConflictId::between(*id, planned.id), [conversation, known.conversation]))
            .collect();
        let found: BTreeSet<_> = screening.conflicts().filter_map(|matched| matched.conflict).collect();
        if !found.iter().eq(expected.keys()) {
            return Err(format!("{planned:?} is in conflict {expected:?}, screening gave {screening:?}"));
        }
        let fresh = expected.iter().filter(|(id, _)| !self.conflicts.contains_key(id)).map(|(id, _)| *id);
        let detected = events.iter().filter_map(|event| match event {
            Event::ConflictDetected { conflict, .. } => Some(conflict.id),
            _ => None,
        });
        let (fresh, detected) = (fresh.collect::<BTreeSet<_>>(), detected.collect::<Vec<_>>());
        if !detected.iter().copied().collect::<BTreeSet<_>>().eq(&fresh) || detected.len() != fresh.len() {
            return Err(format!("{fresh:?} were to be detected, {detected:?} were"));
        }
        for (id, conversations) in expected {
            self.conflicts.entry(id).or_insert(Standing { conversations, open: true, declined: None });
        }
        self.parties.insert(planned.id, Known { conversation, side: planned.side, keys, screening });
        self.moved(&events[1..])
    }

    /// Conflicts were resolved or opened again.
    pub(crate) fn moved(&mut self, events: &[Event]) -> Result<(), String> {
        for event in events {
            let (id, open, declined) = match event {
                Event::ConflictResolved { id, resolved, .. } => (id, false, resolved.declined),
                Event::ConflictReopened { id, .. } => (id, true, None),
                _ => continue,
            };
            let standing = self.conflicts.get_mut(id).ok_or_else(|| format!("{event:?} is of no conflict"))?;
            if open && standing.open {
                return Err(format!("{event:?} opens what is open"));
            }
            (standing.open, standing.declined) = (open, declined);
        }
        Ok(())
    }

    /// What a conversation is to show in the end.
    pub(crate) fn status(&self, conversation: ConversationId) -> ConflictStatus {
        if self.conflicts.values().any(|standing| standing.stands_for(conversation)) {
            ConflictStatus::ConflictDetected
        } else if self.parties.values().any(|known| known.conversation == conversation) {
            ConflictStatus::Clear
        } else {
            ConflictStatus::Pending
        }
    }
}
