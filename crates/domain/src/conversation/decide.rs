//! What a conversation answers to each command, and to whom.

use serde_json::Value;

use super::{
    Conversation,
    assignment::{ASSIGNEES_MAX, AssignmentStatus, HOURS_MAX, NOTES_MAX, Terms},
    command::{Close, Command, Rejection, Start},
    event::{Author, Event, Remains},
    goal::{GOALS_MAX, GoalTemplate},
    identity::NAME_MAX,
    phase::{ConflictStatus, Phase, Status},
};
use crate::{
    actor::{Access, Actor, Denial, Intent, Permission, Role},
    aggregate::{Aggregate, Context, Kind, Version},
    id::{ConversationId, UserId},
    text::{self, Invalid, Private},
    time::Timestamp,
};

/// Longest message in bytes (32 KiB): room for a pasted letter, far below the 2 MB that a row may hold.
pub const MESSAGE_MAX: usize = 32 * 1024;

/// Longest reason for a legal hold, in bytes.
pub const HOLD_REASON_MAX: usize = 1024;

fn invalid(field: &'static str) -> impl FnOnce(Invalid) -> Rejection {
    move |reason| Rejection::Invalid { field, reason }
}

impl Aggregate for Conversation {
    type Command = Command;
    type Event = Event;
    type Rejection = Rejection;
    type Id = ConversationId;

    const KIND: Kind = Kind::Conversation;
    const EVENT_SCHEMA: u32 = 1;
    const STATE_SCHEMA: u32 = 3;

    fn decide(&self, command: &Command, context: &Context<'_>) -> Result<Vec<Event>, Rejection> {
        let at = context.now;
        match command {
            Command::History(steps) => return self.decide_history(steps, context),
            Command::Start(start) => return self.decide_start(start, at),
            Command::Erase { deleted_before } => return self.decide_erasure(*deleted_before, at),
            // Also of a deleted one: it may be restored.
            Command::RecordScreening { status, registry, freezes } => {
                return Ok(self.decide_screening(*status, *registry, *freezes, at));
            }
            Command::Hold { .. } | Command::Restore if self.is_erased() => return Err(Rejection::Erased),
            Command::Hold { .. } if self.held_since.is_some() => return Ok(vec![]),
            // Also of a deleted one: that is when a hold is needed.
            Command::Hold { reason } => {
                let reason = text::prose(reason.as_str(), HOLD_REASON_MAX).map_err(invalid("reason"))?;
                return Ok(vec![Event::LegalHoldSet { at, reason: reason.into() }]);
            }
            Command::ReleaseHold if self.held_since.is_none() => return Ok(vec![]),
            Command::ReleaseHold => return Ok(vec![Event::LegalHoldReleased { at }]),
            Command::Restore if !self.is_deleted() => return Ok(vec![]),
            Command::Restore => return Ok(vec![Event::ConversationRestored { at }]),
            Command::Delete if self.is_deleted() => return Ok(vec![]),
            Command::ExpireResumeToken => {
                let due = self.resume_until.is_some_and(|until| until <= at);
                return Ok(if due { vec![Event::ResumeTokenExpired { at }] } else { vec![] });
            }
            _ if self.is_deleted() => return Err(Rejection::Deleted),
            Command::Delete => return Ok(vec![Event::ConversationDeleted { at }]),
            Command::Reopen if self.status == Status::Active => return Ok(vec![]),
            Command::Reopen => return Ok(vec![Event::ConversationReopened { at }]),
            Command::Close(close) if self.status == close.status() => return Ok(vec![]),
            Command::MovePhase(phase) if *phase == self.phase => return Ok(vec![]),
            Command::MovePhase(phase) if self.phase.is_final() => {
                return Err(Rejection::IllegalPhase { from: self.phase, to: *phase });
            }
            // A decision on conflicts and the end of an assignment may come after the intake has ended.
            Command::DecideConflict(status) if *status == self.conflict_status => return Ok(vec![]),
            Command::DecideConflict(_) if self.screened.is_some() => return Err(Rejection::Screened),
            Command::DecideConflict(status) => return Ok(vec![Event::ConflictDecided { at, status: *status }]),
            Command::CompleteAssignment { actual_hours } => return self.decide_assignment_done(*actual_hours, at),
            _ if self.status != Status::Active => return Err(Rejection::Closed),
            _ if self.frozen_since.is_some() && command.collects() => return Err(Rejection::Frozen),
            _ => {}
        }
        match command {
            Command::AddMessage { author, content } => {
                let content = text::prose(content.as_str(), MESSAGE_MAX).map_err(invalid("content"))?;
                Ok(vec![Event::MessageAdded { at, role: *author, content: content.into() }])
            }
            Command::UpdateIdentity(change) => {
                let identity = change.checked()?;
                let changes = self.identity.with(&identity) != self.identity;
                Ok(if changes { vec![Event::IdentityUpdated { at, identity }] } else { vec![] })
            }
            Command::Classify { practice_area, .. } if self.practice_area.as_ref() == Some(practice_area) => Ok(vec![]),
            Command::Classify { practice_area, goals } => {
                let classified = Event::ConversationClassified { at, practice_area: practice_area.clone() };
                let new = goals.iter().filter(|goal| self.goal(&goal.id).is_none());
                let room = GOALS_MAX.saturating_sub(self.goals.len());
                let added = new.take(room).map(|goal| Event::GoalAdded { at, goal: goal.clone() });
                Ok(std::iter::once(classified).chain(added).collect())
            }
            Command::AddGoal(goal) => self.decide_goal(goal, at),
            Command::CompleteGoal { id } => match self.goal(id) {
                None => Err(Rejection::UnknownGoal { id: id.clone() }),
                Some(goal) if goal.completed_at.is_some() => Ok(vec![]),
                Some(_) => Ok(vec![Event::GoalCompleted { at, id: id.clone() }]),
            },
            Command::Assign { assignee, terms, pending } => self.decide_assignment(*assignee, terms, *pending, context),
            Command::Unassign => match self.assigned_to {
                None => Ok(vec![]),
                Some(from) => Ok(vec![Event::AttorneyReassigned { at, from }]),
            },
            Command::MovePhase(to) if self.phase.may_become(*to) => {
                Ok(vec![Event::PhaseChanged { at, from: self.phase, to: *to }])
            }
            Command::MovePhase(to) => Err(Rejection::IllegalPhase { from: self.phase, to: *to }),
            Command::Secure { user } => self.decide_secure(*user, at),
            Command::Close(Close::Completed) => Ok(vec![Event::ConversationClosed { at, status: Status::Completed }]),
            Command::Close(Close::Terminated) => {
                Ok(vec![Event::PhaseChanged { at, from: self.phase, to: Phase::Terminated }])
            }
            Command::RotateResumeToken { hash, ttl_ms } => {
                Ok(vec![Event::ResumeTokenIssued { at, hash: *hash, until: at.plus_millis(*ttl_ms) }])
            }
            Command::Start(_)
            | Command::History(_)
            | Command::Delete
            | Command::Restore
            | Command::Reopen
            | Command::DecideConflict(_)
            | Command::RecordScreening { .. }
            | Command::CompleteAssignment { .. }
            | Command::Hold { .. }
            | Command::ReleaseHold
            | Command::Erase { .. }
            | Command::ExpireResumeToken => unreachable!("answered above, before the conversation had to be open"),
        }
    }

    fn apply(&mut self, event: &Event, version: Version) {
        self.take_in(event, version);
    }

    fn apply_erased(&mut self, action: &str, version: Version) {
        self.version = version;
        // The message is still listed, without its content.
        self.message_count += u64::from(action == Event::MESSAGE_ADDED);
    }

    fn permit(&self, actor: &Actor, intent: Intent<'_, Command>) -> Result<(), Denial> {
        let permission = match intent {
            Intent::Access(Access::Detail | Access::Messages | Access::Stream | Access::Resume) => {
                Permission::ReadConversations
            }
            Intent::Command(command) => command.permission(),
        };
        let own = match actor.role {
            Role::Client => self.user_id.is_some() && self.user_id == actor.user_id,
            Role::Visitor => self.resume_token.is_some() && self.resume_token == actor.resume_key,
            _ => return self.permit_staff(actor.role, permission),
        };
        // Of somebody else's conversation they do not even learn that it was deleted.
        if own && self.is_deleted() {
            return Err(Denial::Deleted);
        }
        match intent {
            // A client begins their own conversation; a visitor does so without an identity.
            Intent::Command(Command::Start(_)) if !self.exists() => Ok(()),
            // A client who signs in takes over the conversation whose resume token they hold.
            Intent::Command(Command::Secure { user }) if actor.user_id == Some(*user) => {
                let holds = self.resume_token.is_some() && self.resume_token == actor.resume_key;
                if own || holds { Ok(()) } else { Err(Denial::NotOwn) }
            }
            _ if !own => Err(Denial::NotOwn),
            Intent::Access(_)
            | Intent::Command(
                Command::AddMessage { author: Author::User, .. }
                | Command::UpdateIdentity(_)
                | Command::RotateResumeToken { .. },
            ) => Ok(()),
            Intent::Command(_) => Err(Denial::Role(permission)),
        }
    }

    fn creates(command: &Command) -> bool {
        match command {
            Command::Start(_) => true,
            Command::History(steps) => steps.first().is_some_and(|step| Self::creates(&step.command)),
            _ => false,
        }
    }

    fn access_action(access: Access) -> &'static str {
        match access {
            Access::Detail => "access_conversation",
            Access::Messages => "access_messages",
            Access::Stream => "access_stream",
            Access::Resume => "access_resume",
        }
    }

    fn action(event: &Event) -> &'static str {
        event.action()
    }

    fn details(event: &Event) -> Value {
        event.details()
    }

    fn erases(event: &Event) -> bool {
        matches!(event, Event::ConversationErased { .. })
    }

    fn upcast(_schema: u32, event: Value) -> Value {
        event
    }

    fn alarm(&self) -> Option<Timestamp> {
        self.resume_until
    }

    fn on_alarm(&self) -> Option<Command> {
        Some(Command::ExpireResumeToken)
    }
}

impl Command {
    const fn permission(&self) -> Permission {
        match self {
            Self::Start(_)
            | Self::AddMessage { .. }
            | Self::UpdateIdentity(_)
            | Self::Classify { .. }
            | Self::AddGoal(_)
            | Self::CompleteGoal { .. }
            | Self::MovePhase(_)
            | Self::DecideConflict(_)
            | Self::Secure { .. }
            | Self::Close(_)
            | Self::Reopen
            | Self::RotateResumeToken { .. }
            | Self::ExpireResumeToken => Permission::WriteConversations,
            Self::Assign { .. } | Self::Unassign | Self::CompleteAssignment { .. } => Permission::Assign,
            Self::Delete | Self::Restore | Self::Hold { .. } | Self::ReleaseHold => Permission::DeleteConversations,
            Self::Erase { .. } | Self::RecordScreening { .. } => Permission::OperatePlatform,
            Self::History(_) => Permission::Import,
        }
    }

    /// Whether it takes facts from the client, which an intake with an open conflict must not do. The firm can still answer, assign the
    /// conversation, and break it off.
    const fn collects(&self) -> bool {
        match self {
            Self::AddMessage { author, .. } => matches!(author, Author::User),
            Self::MovePhase(to) => !matches!(to, Phase::Terminated),
            Self::UpdateIdentity(_) | Self::Classify { .. } | Self::AddGoal(_) | Self::CompleteGoal { .. } => true,
            Self::Close(close) => matches!(close, Close::Completed),
            _ => false,
        }
    }
}

impl Close {
    /// The status that it leads to.
    pub const fn status(self) -> Status {
        match self {
            Self::Completed => Status::Completed,
            Self::Terminated => Status::Terminated,
        }
    }
}

impl Conversation {
    fn permit_staff(&self, role: Role, permission: Permission) -> Result<(), Denial> {
        // A compliance officer still sees what was deleted: that is what they are there for.
        let audits = permission == Permission::ReadConversations && role.may(Permission::ReadAudit);
        if self.is_deleted() && !role.may(Permission::DeleteConversations) && !audits {
            Err(Denial::Deleted)
        } else if role.may(permission) {
            Ok(())
        } else {
            Err(Denial::Role(permission))
        }
    }

    fn decide_history(&self, steps: &[super::command::Dated], context: &Context<'_>) -> Result<Vec<Event>, Rejection> {
        let mut state = self.clone();
        let mut all = vec![];
        for step in steps {
            if matches!(step.command, Command::History(_)) {
                return Err(invalid("history")(Invalid::new("must not contain another history")));
            }
            let events = state.decide(&step.command, &Context { now: step.at, ..context.clone() })?;
            for event in &events {
                state.apply(event, state.version.next());
            }
            all.extend(events);
        }
        Ok(all)
    }

    fn decide_start(&self, start: &Start, at: Timestamp) -> Result<Vec<Event>, Rejection> {
        if self.exists() {
            return Err(Rejection::AlreadyStarted);
        }
        let mut goals = GoalTemplate::base().to_vec();
        for goal in &start.goals {
            goal.check().map_err(|(field, reason)| invalid(field)(reason))?;
            if goals.len() < GOALS_MAX && goals.iter().all(|other| other.id != goal.id) {
                goals.push(goal.clone());
            }
        }
        let external_id = start.external_id.as_ref().map(|id| text::line(id.as_str(), NAME_MAX)).transpose();
        let created = Event::ConversationCreated {
            at,
            identity: start.identity.checked()?,
            practice_area: start.practice_area.clone(),
            goals,
            external_id: external_id.map_err(invalid("externalId"))?.map(Private::from),
        };
        let resume =
            start.resume.map(|(hash, ttl_ms)| Event::ResumeTokenIssued { at, hash, until: at.plus_millis(ttl_ms) });
        Ok(std::iter::once(created).chain(resume).collect())
    }

    fn decide_erasure(&self, deleted_before: Timestamp, at: Timestamp) -> Result<Vec<Event>, Rejection> {
        if self.is_erased() {
            return Ok(vec![]);
        }
        let deleted_at = self.deleted_at.filter(|deleted| *deleted < deleted_before).ok_or(Rejection::NotDue)?;
        if self.held_since.is_some() {
            return Err(Rejection::OnHold);
        }
        let mut assignments = self.assignments.clone();
        assignments.iter_mut().for_each(|assignment| assignment.terms.notes = None);
        let remains = Remains {
            practice_area: self.practice_area.clone(),
            status: self.status,
            phase: self.phase,
            conflict_status: self.conflict_status,
            assigned_to: self.assigned_to,
            assignments,
            message_count: self.message_count,
            created_at: self.created_at,
            last_activity: self.last_activity,
            closed_at: self.closed_at,
            deleted_at,
        };
        Ok(vec![Event::ConversationErased { at, remains: Box::new(remains) }])
    }

    fn decide_screening(&self, status: ConflictStatus, registry: Version, freezes: bool, at: Timestamp) -> Vec<Event> {
        if self.screened.is_some_and(|known| known >= registry) {
            return vec![];
        }
        let screened = Event::ConflictsScreened { at, status, registry, frozen: freezes };
        let waits = self.phase == Phase::Secured && self.status == Status::Active && !self.is_deleted();
        let moved = waits.then(|| conflict_check_complete(at));
        std::iter::once(screened).chain(moved).collect()
    }

    fn decide_goal(&self, goal: &GoalTemplate, at: Timestamp) -> Result<Vec<Event>, Rejection> {
        goal.check().map_err(|(field, reason)| invalid(field)(reason))?;
        if self.goal(&goal.id).is_some() {
            Err(Rejection::DuplicateGoal { id: goal.id.clone() })
        } else if self.goals.len() >= GOALS_MAX {
            Err(Rejection::Full { what: "goals", max: GOALS_MAX })
        } else {
            let title = text::line(&goal.title, usize::MAX).map_err(invalid("goal.title"))?.to_owned();
            Ok(vec![Event::GoalAdded { at, goal: GoalTemplate { title, ..goal.clone() } }])
        }
    }

    fn decide_assignment(
        &self,
        assignee: UserId,
        terms: &Terms,
        pending: bool,
        context: &Context<'_>,
    ) -> Result<Vec<Event>, Rejection> {
        let at = context.now;
        let mut terms = terms.clone();
        terms.estimated_hours = hours("estimatedHours", terms.estimated_hours)?;
        if let Some(notes) = &terms.notes {
            text::prose(notes.as_str(), NOTES_MAX).map_err(invalid("notes"))?;
        }
        let status = if pending { AssignmentStatus::Pending } else { AssignmentStatus::Active };
        if self.assigned_to == Some(assignee) {
            let same = self.current_assignment().is_some_and(|now| now.terms == terms && now.status == status);
            if same {
                return Ok(vec![]);
            }
        } else if self.assignment_of(assignee).is_none() && self.assignments.len() >= ASSIGNEES_MAX {
            return Err(Rejection::Full { what: "assignees", max: ASSIGNEES_MAX });
        }
        let before = self.assigned_to.filter(|before| *before != assignee);
        let reassigned = before.map(|from| Event::AttorneyReassigned { at, from });
        let assigned = Event::AttorneyAssigned { at, assignee, assigned_by: context.actor.user_id, terms, pending };
        Ok(reassigned.into_iter().chain([assigned]).collect())
    }

    fn decide_assignment_done(&self, actual_hours: Option<f64>, at: Timestamp) -> Result<Vec<Event>, Rejection> {
        let actual_hours = hours("actualHours", actual_hours)?;
        let current = self.current_assignment().ok_or(Rejection::NotAssigned)?;
        let same = current.status == AssignmentStatus::Completed
            && (actual_hours.is_none() || actual_hours == current.actual_hours);
        let assignee = current.assigned_to;
        Ok(if same { vec![] } else { vec![Event::AssignmentCompleted { at, assignee, actual_hours }] })
    }

    fn decide_secure(&self, user: UserId, at: Timestamp) -> Result<Vec<Event>, Rejection> {
        match self.user_id {
            Some(owner) if owner == user => return Ok(vec![]),
            Some(_) => return Err(Rejection::SecuredToAnother),
            None => {}
        }
        // Signing in is what both early phases wait for; the record passes through each of them.
        let steps: &[(Phase, Phase)] = match self.phase {
            Phase::PreLogin => &[(Phase::PreLogin, Phase::LoginSuggested), (Phase::LoginSuggested, Phase::Secured)],
            Phase::LoginSuggested => &[(Phase::LoginSuggested, Phase::Secured)],
            Phase::Secured
            | Phase::ConflictCheckComplete
            | Phase::DataGathering
            | Phase::Completed
            | Phase::Terminated => &[],
        };
        let moves = steps.iter().map(|&(from, to)| Event::PhaseChanged { at, from, to });
        // Names are run before facts are collected, so the check may be done already.
        let checked = (!steps.is_empty() && self.screened.is_some()).then(|| conflict_check_complete(at));
        Ok(std::iter::once(Event::ConversationSecured { at, user }).chain(moves).chain(checked).collect())
    }
}

const fn conflict_check_complete(at: Timestamp) -> Event {
    Event::PhaseChanged { at, from: Phase::Secured, to: Phase::ConflictCheckComplete }
}

fn hours(field: &'static str, hours: Option<f64>) -> Result<Option<f64>, Rejection> {
    match hours {
        Some(hours) if !(0.0..=HOURS_MAX).contains(&hours) => {
            Err(invalid(field)(Invalid::new(format!("must be between 0 and {HOURS_MAX} hours"))))
        }
        hours => Ok(hours),
    }
}
