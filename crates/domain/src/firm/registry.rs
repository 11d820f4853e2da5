//! What the firm answers when parties are screened and conflicts are resolved. The rules of adversity are in [`crate::registry`].

use std::collections::BTreeMap;

use super::{Event, Firm, Rejection};
use crate::{
    aggregate::{Context, Version},
    conversation::ConflictStatus,
    id::{ConflictId, ConversationId, PartyId},
    registry::{
        Conflict, ConflictState, ConflictType, Detection, Found, Known, Matched, NOTES_MAX, Outcome, PARTIES_MAX,
        Party, REASON_MAX, Screening, Side, Verdict, conflict_type,
    },
    text::{self, Invalid, Private},
};

fn invalid(field: &'static str, reason: impl Into<String>) -> Rejection {
    Rejection::Invalid { field, reason: Invalid::new(reason) }
}

impl Firm {
    /// Screens a party and registers it, in one decision. The same party again, known to the same rules: nothing happens.
    pub(super) fn decide_registration(
        &self,
        id: PartyId,
        party: &Party,
        context: &Context<'_>,
    ) -> Result<Vec<Event>, Rejection> {
        let (at, known) = (context.now, context.known);
        let mut party = party.checked()?;
        if let Some(before) = &known.party {
            party = before.party.with(&party).checked()?;
            if before.party == party && before.screening.rules == known.rules {
                return Ok(vec![]);
            }
        }
        let side = side_of(&party, known)?;
        if known.party.is_none() && known.parties >= PARTIES_MAX {
            return Err(Rejection::TooManyParties);
        }
        let mut outcomes = Outcomes { freezes: self.settings.freeze_on_conflict, known, found: BTreeMap::new() };
        if let Some(conversation) = party.conversation {
            outcomes.clear(conversation);
        }
        let mut conflicts = vec![];
        let screening = self.screen(side, context, |found, conflict_type, matched| {
            let detection = || Detection {
                at,
                match_type: found.match_type,
                confidence: found.confidence,
                evidence: found.evidence.clone(),
                rules: known.rules,
            };
            match &found.conflict {
                Some(conflict) => {
                    matched.conflict = Some(conflict.id);
                    let new_facts = found.evidence != conflict.detection.evidence
                        && found.confidence >= conflict.detection.confidence;
                    if !conflict.state.is_open() && new_facts {
                        let (id, detection) = (conflict.id, Some(Box::new(detection())));
                        conflicts.push(Event::ConflictReopened {
                            at,
                            id,
                            by: context.actor.user_id,
                            reason: None,
                            detection,
                            outcomes: vec![],
                        });
                        conflict.conversations().for_each(|one| outcomes.stand(one));
                    } else {
                        let standing = conflict.conversations().filter(|one| conflict.stands_for(*one));
                        standing.for_each(|one| outcomes.stand(one));
                    }
                }
                // What the firm knew before is history: it is told, and becomes a conflict once somebody comes in.
                None if party.conversation.is_none() && found.conversation.is_none() => {}
                None => {
                    let conflict = Conflict {
                        id: ConflictId::between(id, found.party),
                        conflict_type,
                        party: id,
                        role: party.role,
                        name: party.name.clone(),
                        conversation: party.conversation,
                        other: found.party,
                        other_role: found.role,
                        other_name: found.name.clone(),
                        other_conversation: found.conversation,
                        detection: detection(),
                        state: ConflictState::Detected,
                        reviewer: None,
                        notes: None,
                        resolved: None,
                        reopened: 0,
                    };
                    matched.conflict = Some(conflict.id);
                    conflict.conversations().for_each(|one| outcomes.stand(one));
                    conflicts.push(Event::ConflictDetected { at, conflict: Box::new(conflict) });
                }
            }
        });
        let outcomes = outcomes.listed();
        let (party, screening) = (Box::new(party), Box::new(screening));
        let registered = match known.party {
            None => Event::PartyRegistered { at, id, party, side, screening, outcomes },
            Some(_) => Event::PartyChanged { at, id, party, side, screening, outcomes },
        };
        Ok(std::iter::once(registered).chain(conflicts).collect())
    }

    /// Screens a party without registering it.
    pub(super) fn decide_check(&self, party: &Party, context: &Context<'_>) -> Result<Vec<Event>, Rejection> {
        let party = party.checked()?;
        let side = side_of(&party, context.known)?;
        let screening = self.screen(side, context, |_, _, _| {});
        Ok(vec![Event::ConflictChecked { at: context.now, party: Box::new(party), screening: Box::new(screening) }])
    }

    /// What screening comes to; `each` is told of whoever is adverse.
    fn screen(
        &self,
        side: Side,
        context: &Context<'_>,
        mut each: impl FnMut(&Found, ConflictType, &mut Matched),
    ) -> Screening {
        let (mut conflicts, mut information) = (vec![], vec![]);
        for found in &context.known.found {
            let mut matched = Matched {
                party: found.party,
                role: found.role,
                conversation: found.conversation,
                name: found.name.clone(),
                match_type: found.match_type,
                confidence: found.confidence,
                evidence: found.evidence.clone(),
                conflict_type: conflict_type(side, found.side, found.role),
                conflict: None,
            };
            if let Some(conflict_type) = matched.conflict_type {
                each(found, conflict_type, &mut matched);
                conflicts.push(matched);
            } else {
                information.push(matched);
            }
        }
        conflicts.append(&mut information);
        Screening { at: context.now, registry: self.version, rules: context.known.rules, matches: conflicts }
    }

    pub(super) fn decide_review(
        &self,
        id: ConflictId,
        seen: Option<Version>,
        notes: Option<&Private>,
        context: &Context<'_>,
    ) -> Result<Vec<Event>, Rejection> {
        let (at, by) = (context.now, context.actor.user_id);
        let conflict = addressed(seen, context)?;
        let notes = notes.map(|notes| text::prose(notes.as_str(), NOTES_MAX).map(Private::from)).transpose();
        let notes = notes.map_err(|reason| Rejection::Invalid { field: "notes", reason })?;
        let same = conflict.state == ConflictState::Reviewing && conflict.reviewer == by && conflict.notes == notes;
        if same {
            Ok(vec![])
        } else if conflict.state.is_open() {
            Ok(vec![Event::ConflictReviewed { at, id, by, notes }])
        } else {
            Err(Rejection::ConflictResolved)
        }
    }

    pub(super) fn decide_resolution(
        &self,
        id: ConflictId,
        seen: Option<Version>,
        verdict: &Verdict,
        context: &Context<'_>,
    ) -> Result<Vec<Event>, Rejection> {
        let at = context.now;
        let conflict = addressed(seen, context)?;
        let resolved = verdict.checked(conflict, context.actor.user_id, at)?;
        let same = conflict.resolved.as_ref().is_some_and(|before| {
            (before.resolution, &before.reason, &before.artefact, before.declined)
                == (resolved.resolution, &resolved.reason, &resolved.artefact, resolved.declined)
        });
        if same {
            return Ok(vec![]);
        }
        let freezes = self.settings.freeze_on_conflict;
        let mut outcomes = Outcomes { freezes, known: context.known, found: BTreeMap::new() };
        conflict.conversations().for_each(|one| outcomes.clear(one));
        if let Some(declined) = resolved.declined {
            outcomes.stand(declined);
        }
        Ok(vec![Event::ConflictResolved { at, id, resolved: Box::new(resolved), outcomes: outcomes.listed() }])
    }

    pub(super) fn decide_reopening(
        &self,
        id: ConflictId,
        seen: Option<Version>,
        reason: &Private,
        context: &Context<'_>,
    ) -> Result<Vec<Event>, Rejection> {
        let conflict = addressed(seen, context)?;
        if conflict.state.is_open() {
            return Ok(vec![]);
        }
        let reason = text::prose(reason.as_str(), REASON_MAX);
        let reason = Some(reason.map_err(|reason| Rejection::Invalid { field: "reason", reason })?.into());
        let freezes = self.settings.freeze_on_conflict;
        let mut outcomes = Outcomes { freezes, known: context.known, found: BTreeMap::new() };
        conflict.conversations().for_each(|one| outcomes.stand(one));
        let (at, by, outcomes) = (context.now, context.actor.user_id, outcomes.listed());
        Ok(vec![Event::ConflictReopened { at, id, by, reason, detection: None, outcomes }])
    }
}

/// The conflict that a command addresses, if it still is as the caller saw it.
fn addressed<'a>(seen: Option<Version>, context: &Context<'a>) -> Result<&'a Conflict, Rejection> {
    let (version, conflict) = context.known.conflict.as_ref().ok_or(Rejection::UnknownConflict)?;
    match seen {
        Some(seen) if seen != *version => Err(Rejection::ConflictMovedOn { current: *version }),
        _ => Ok(conflict),
    }
}

fn side_of(party: &Party, known: &Known) -> Result<Side, Rejection> {
    if party.related.is_some() && known.related.is_none() {
        return Err(invalid("relatedTo", "must be a party of the firm"));
    }
    Ok(Side::of(party.role, known.related))
}

/// What the conversations are to know, each once.
struct Outcomes<'a> {
    freezes: bool,
    known: &'a Known,
    found: BTreeMap<ConversationId, ConflictStatus>,
}

impl Outcomes<'_> {
    /// Nothing here stands in a conversation's way; another conflict may.
    fn clear(&mut self, conversation: ConversationId) {
        let stands = self.known.standing.contains(&conversation);
        let status = if stands { ConflictStatus::ConflictDetected } else { ConflictStatus::Clear };
        self.found.insert(conversation, status);
    }

    /// A conflict stands in a conversation's way.
    fn stand(&mut self, conversation: ConversationId) {
        self.found.insert(conversation, ConflictStatus::ConflictDetected);
    }

    fn listed(&self) -> Vec<Outcome> {
        let outcome = |(conversation, status): (&ConversationId, &ConflictStatus)| Outcome {
            conversation: *conversation,
            status: *status,
            freezes: self.freezes && *status == ConflictStatus::ConflictDetected,
        };
        self.found.iter().map(outcome).collect()
    }
}

#[cfg(test)]
mod tests;
