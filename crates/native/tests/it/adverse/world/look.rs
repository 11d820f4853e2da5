//! What must be so once nothing is under way.

use super::*;

impl World {
    /// A conversation shows what the model says.
    pub(super) fn shows(&mut self, id: ConversationId) -> Result<(), Wrong> {
        let state = Activation::<Conversation>::load(&mut self.db, ObjectKey::of::<Conversation>(&id))?.state;
        let (expected, shown) = (self.model.status(id), state.conflict_status);
        sure(shown == expected, || format!("conversation {id} shows {shown:?}, is {expected:?}"))?;
        let frozen = state.frozen_since.is_some();
        sure(frozen == (shown == ConflictStatus::ConflictDetected), || format!("conversation {id} is frozen: {frozen}"))
    }

    /// Everything is as it must be in the end.
    pub(super) fn look(&mut self) -> Result<(), Wrong> {
        sure(registry::next_letter(&mut self.db)?.is_none(), || "a letter is left".to_owned())?;
        for id in self.model.conversations.clone() {
            self.shows(id)?;
        }
        let parties = super::super::parties(&mut self.db)?;
        let conflicts = super::super::conflicts(&mut self.db)?;
        let ids: BTreeSet<_> = parties.iter().map(|kept| kept.record.id).collect();
        sure(ids.iter().eq(self.model.parties.keys()) && ids.len() == parties.len(), || {
            format!("{} parties are kept, {} were answered", parties.len(), self.model.parties.len())
        })?;
        for kept in &parties {
            let known = &self.model.parties[&kept.record.id];
            sure(kept.record.screening == known.screening && kept.record.side == known.side, || {
                format!("{:?} is kept with another result than was answered", kept.record)
            })?;
        }
        let ids: BTreeSet<_> = conflicts.iter().map(|kept| kept.conflict.id).collect();
        sure(ids.iter().eq(self.model.conflicts.keys()) && ids.len() == conflicts.len(), || {
            format!("{} conflicts are kept, {} were found", conflicts.len(), self.model.conflicts.len())
        })?;
        self.tally.conflicts = conflicts.len() as u64;
        for halves in mem::take(&mut self.pairs) {
            self.look_at(&halves)?;
        }
        let walk = verify::walk(&mut self.db, &self.firm)?;
        sure(walk.errors.is_empty(), || format!("{:?}", walk.errors))?;
        let (parties_again, conflicts_again) =
            replayed(&mut self.db, &self.folder.path().join("again.db"), &self.firm)?;
        sure(parties == parties_again, || "the events give other parties".to_owned())?;
        sure(conflicts == conflicts_again, || "the events give other conflicts".to_owned())
    }

    /// Of a pair whose parties are both known, one conflict is, and while it is open neither conversation is clear. This does without the
    /// model.
    pub(super) fn look_at(&mut self, halves: &[Half; 2]) -> Result<(), Wrong> {
        let [one, other] = halves;
        let (mine, theirs) = (one.adverse(), other.adverse());
        let mut both = true;
        for planned in [mine, theirs] {
            let known = registry::party(&mut self.db, planned.id)?;
            // The other name may never have become known.
            both &= known.is_some_and(|known| known.record.party.aliases.len() >= planned.party.aliases.len());
        }
        let conflict = registry::conflict(&mut self.db, ConflictId::between(mine.id, theirs.id))?;
        sure(conflict.is_some() == both, || {
            format!("both known: {both}; {conflict:?} between {mine:?} and {theirs:?}")
        })?;
        let between = super::super::conflicts(&mut self.db)?.into_iter().filter(|kept| {
            let of = |id: PartyId| kept.conflict.party == id || kept.conflict.other == id;
            of(mine.id) && of(theirs.id)
        });
        let between = between.count();
        sure(between == usize::from(both), || format!("{between} conflicts between {mine:?} and {theirs:?}"))?;
        if conflict.is_some_and(|kept| kept.conflict.state.is_open()) {
            for id in [one.conversation, other.conversation] {
                let key = ObjectKey::of::<Conversation>(&id);
                let shown = Activation::<Conversation>::load(&mut self.db, key)?.state.conflict_status;
                sure(shown == ConflictStatus::ConflictDetected, || format!("{id} shows {shown:?} of {mine:?}"))?;
            }
        }
        Ok(())
    }
}

/// The rows that the firm's events come to in tables that are empty, in a file of their own.
pub(crate) fn replayed(
    db: &mut Db,
    again: &Path,
    firm: &FirmId,
) -> Result<(Vec<registry::KeptParty>, Vec<registry::KeptConflict>), Error> {
    let (mut fresh, _) = open_journal(open(again.to_owned()), firm);
    fresh.begin()?;
    read::entries_after(db, 0, i64::MAX, &mut |entry| {
        if entry.kind == Kind::Firm
            && let (Some(schema), Some(payload)) = (entry.schema, &entry.payload)
        {
            let event = decode_event::<Firm>(i64::from(schema), payload)?;
            registry::take_in(&mut fresh, &event, entry.version, entry.seq)?;
        }
        Ok(ControlFlow::Continue(()))
    })?;
    fresh.commit()?;
    let parties = super::super::parties(&mut fresh)?;
    Ok((parties, super::super::conflicts(&mut fresh)?))
}
