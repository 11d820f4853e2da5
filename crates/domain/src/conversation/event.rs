//! What can have happened to a conversation. The stored form is frozen by golden files in the `journal` crate.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{
    Conversation,
    assignment::{Assignment, AssignmentStatus, Terms},
    goal::{Goal, GoalTemplate},
    identity::Identity,
    phase::{ConflictStatus, Phase, Status},
};
use crate::{
    aggregate::Version, id::UserId, practice_area::PracticeArea, text::Private, time::Timestamp, token::TokenHash,
};

/// Who speaks a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Author {
    /// The client.
    User,
    /// The firm: a person or the intake agent.
    Agent,
    /// The platform.
    System,
}

impl Author {
    /// Every author.
    pub const ALL: [Self; 3] = [Self::User, Self::Agent, Self::System];

    /// The stored word; `role` on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Agent => "agent",
            Self::System => "system",
        }
    }

    /// Reads the stored word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|author| author.as_str() == word)
    }
}

/// What happened. `at` is the time it happened in the firm's life, which for an import lies before the time it was recorded.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", rename_all_fields = "camelCase")]
#[expect(missing_docs, reason = "each field repeats the command's, documented there")]
pub enum Event {
    /// It began.
    ConversationCreated {
        at: Timestamp,
        identity: Identity,
        practice_area: Option<PracticeArea>,
        goals: Vec<GoalTemplate>,
        external_id: Option<Private>,
    },
    /// Somebody said something.
    MessageAdded { at: Timestamp, role: Author, content: Private },
    /// Particulars came in; only the new ones are present.
    IdentityUpdated { at: Timestamp, identity: Identity },
    /// Its practice area became known.
    ConversationClassified { at: Timestamp, practice_area: PracticeArea },
    /// A goal was set.
    GoalAdded { at: Timestamp, goal: GoalTemplate },
    /// A goal was reached.
    GoalCompleted { at: Timestamp, id: String },
    /// Somebody became responsible, or their terms changed.
    AttorneyAssigned { at: Timestamp, assignee: UserId, assigned_by: Option<UserId>, terms: Terms, pending: bool },
    /// Somebody ceased to be responsible.
    AttorneyReassigned { at: Timestamp, from: UserId },
    /// The person responsible is done.
    AssignmentCompleted { at: Timestamp, assignee: UserId, actual_hours: Option<f64> },
    /// It moved to another phase.
    PhaseChanged { at: Timestamp, from: Phase, to: Phase },
    /// The conflict check has an outcome, or lost it.
    ConflictDecided { at: Timestamp, status: ConflictStatus },
    /// The registry's word on the conflicts of its parties came in.
    ConflictsScreened { at: Timestamp, status: ConflictStatus, registry: Version, frozen: bool },
    /// It belongs to a signed-in client now.
    ConversationSecured { at: Timestamp, user: UserId },
    /// It ended.
    ConversationClosed { at: Timestamp, status: Status },
    /// It goes on after all.
    ConversationReopened { at: Timestamp },
    /// It was hidden.
    ConversationDeleted { at: Timestamp },
    /// It was brought back.
    ConversationRestored { at: Timestamp },
    /// It can be resumed with this token, and no earlier one, until then.
    ResumeTokenIssued { at: Timestamp, hash: TokenHash, until: Timestamp },
    /// It can no longer be resumed with a token.
    ResumeTokenExpired { at: Timestamp },
    /// It must be kept.
    LegalHoldSet { at: Timestamp, reason: Private },
    /// It need not be kept any more.
    LegalHoldReleased { at: Timestamp },
    /// What was said in it was erased: the payloads of all events before this one are gone.
    ConversationErased { at: Timestamp, remains: Box<Remains> },
}

/// What an erasure leaves of a conversation: when, where it got to and who was responsible; nothing that a client said.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Remains {
    /// Its practice area.
    pub practice_area: Option<PracticeArea>,
    /// How it ended.
    pub status: Status,
    /// Where the intake got to.
    pub phase: Phase,
    /// What the conflict check came to.
    pub conflict_status: ConflictStatus,
    /// Who was responsible at the end.
    pub assigned_to: Option<UserId>,
    /// Each person's latest assignment, without notes.
    pub assignments: Vec<Assignment>,
    /// How many messages it had.
    pub message_count: u64,
    /// When it began.
    pub created_at: Timestamp,
    /// When somebody last did something in it.
    pub last_activity: Timestamp,
    /// When it was closed, if it was.
    pub closed_at: Option<Timestamp>,
    /// When it was deleted.
    pub deleted_at: Timestamp,
}

impl Event {
    /// The tag of [`Event::MessageAdded`].
    pub(super) const MESSAGE_ADDED: &str = "message_added";

    /// The JSON tag.
    pub(super) const fn action(&self) -> &'static str {
        match self {
            Self::ConversationCreated { .. } => "conversation_created",
            Self::MessageAdded { .. } => Self::MESSAGE_ADDED,
            Self::IdentityUpdated { .. } => "identity_updated",
            Self::ConversationClassified { .. } => "conversation_classified",
            Self::GoalAdded { .. } => "goal_added",
            Self::GoalCompleted { .. } => "goal_completed",
            Self::AttorneyAssigned { .. } => "attorney_assigned",
            Self::AttorneyReassigned { .. } => "attorney_reassigned",
            Self::AssignmentCompleted { .. } => "assignment_completed",
            Self::PhaseChanged { .. } => "phase_changed",
            Self::ConflictDecided { .. } => "conflict_decided",
            Self::ConflictsScreened { .. } => "conflicts_screened",
            Self::ConversationSecured { .. } => "conversation_secured",
            Self::ConversationClosed { .. } => "conversation_closed",
            Self::ConversationReopened { .. } => "conversation_reopened",
            Self::ConversationDeleted { .. } => "conversation_deleted",
            Self::ConversationRestored { .. } => "conversation_restored",
            Self::ResumeTokenIssued { .. } => "resume_token_issued",
            Self::ResumeTokenExpired { .. } => "resume_token_expired",
            Self::LegalHoldSet { .. } => "legal_hold_set",
            Self::LegalHoldReleased { .. } => "legal_hold_released",
            Self::ConversationErased { .. } => "conversation_erased",
        }
    }

    /// What the audit trail may keep for good: ids, words of our own vocabulary and sizes; nothing that a client said.
    pub(super) fn details(&self) -> Value {
        match self {
            Self::ConversationCreated { practice_area, goals, .. } => {
                json!({ "practiceArea": practice_area, "goals": goals.len() })
            }
            Self::MessageAdded { role, content, .. } => json!({ "role": role, "bytes": content.as_str().len() }),
            Self::IdentityUpdated { identity, .. } => json!({ "fields": identity.fields() }),
            Self::ConversationClassified { practice_area, .. } => json!({ "practiceArea": practice_area }),
            Self::GoalAdded { goal, .. } => json!({ "goal": goal.id, "priority": goal.priority }),
            Self::GoalCompleted { id, .. } => json!({ "goal": id }),
            Self::AttorneyAssigned { assignee, terms, .. } => {
                json!({ "assignedTo": assignee, "priority": terms.priority, "dueDate": terms.due_date })
            }
            Self::AttorneyReassigned { from, .. } => json!({ "from": from }),
            Self::AssignmentCompleted { assignee, actual_hours, .. } => {
                json!({ "assignedTo": assignee, "actualHours": actual_hours })
            }
            Self::PhaseChanged { from, to, .. } => json!({ "from": from, "to": to }),
            Self::ConflictDecided { status, .. } => json!({ "conflictStatus": status }),
            Self::ConflictsScreened { status, registry, frozen, .. } => {
                json!({ "conflictStatus": status, "registryVersion": registry, "frozen": frozen })
            }
            Self::ConversationSecured { user, .. } => json!({ "userId": user }),
            Self::ConversationClosed { status, .. } => json!({ "status": status }),
            Self::ResumeTokenIssued { until, .. } => json!({ "until": until }),
            Self::ConversationReopened { .. }
            | Self::ConversationDeleted { .. }
            | Self::ConversationRestored { .. }
            | Self::ResumeTokenExpired { .. }
            | Self::LegalHoldSet { .. }
            | Self::LegalHoldReleased { .. }
            | Self::ConversationErased { .. } => json!({}),
        }
    }

    /// When it happened, where it counts as activity in the conversation: tokens and deletions do not.
    const fn activity(&self) -> Option<Timestamp> {
        match self {
            Self::ConversationCreated { at, .. }
            | Self::MessageAdded { at, .. }
            | Self::IdentityUpdated { at, .. }
            | Self::ConversationClassified { at, .. }
            | Self::GoalAdded { at, .. }
            | Self::GoalCompleted { at, .. }
            | Self::AttorneyAssigned { at, .. }
            | Self::AttorneyReassigned { at, .. }
            | Self::AssignmentCompleted { at, .. }
            | Self::PhaseChanged { at, .. }
            | Self::ConflictDecided { at, .. }
            | Self::ConversationSecured { at, .. }
            | Self::ConversationClosed { at, .. }
            | Self::ConversationReopened { at } => Some(*at),
            Self::ConflictsScreened { .. }
            | Self::ConversationDeleted { .. }
            | Self::ConversationRestored { .. }
            | Self::ResumeTokenIssued { .. }
            | Self::ResumeTokenExpired { .. }
            | Self::LegalHoldSet { .. }
            | Self::LegalHoldReleased { .. }
            | Self::ConversationErased { .. } => None,
        }
    }
}

impl Conversation {
    pub(super) fn take_in(&mut self, event: &Event, version: Version) {
        self.version = version;
        if let Some(at) = event.activity() {
            self.last_activity = if version.0 == 1 { at } else { self.last_activity.max(at) };
        }
        match event {
            Event::ConversationCreated { at, identity, practice_area, goals, external_id } => {
                self.created_at = *at;
                self.identity = identity.clone();
                self.practice_area = practice_area.clone();
                self.goals = goals.iter().cloned().map(|template| Goal { template, completed_at: None }).collect();
                self.external_id = external_id.clone();
            }
            Event::MessageAdded { .. } => self.message_count += 1,
            Event::IdentityUpdated { identity, .. } => self.identity = self.identity.with(identity),
            Event::ConversationClassified { practice_area, .. } => self.practice_area = Some(practice_area.clone()),
            Event::GoalAdded { goal, .. } => self.goals.push(Goal { template: goal.clone(), completed_at: None }),
            Event::GoalCompleted { at, id } => {
                for goal in self.goals.iter_mut().filter(|goal| goal.template.id == *id) {
                    goal.completed_at = Some(*at);
                }
            }
            Event::AttorneyAssigned { at, assignee, assigned_by, terms, pending } => {
                self.assigned_to = Some(*assignee);
                let assignment = Assignment {
                    assigned_to: *assignee,
                    assigned_by: *assigned_by,
                    assigned_at: *at,
                    status: if *pending { AssignmentStatus::Pending } else { AssignmentStatus::Active },
                    terms: terms.clone(),
                    actual_hours: None,
                    version,
                };
                match self.assignments.iter_mut().find(|earlier| earlier.assigned_to == *assignee) {
                    Some(earlier) => *earlier = assignment,
                    None => self.assignments.push(assignment),
                }
            }
            Event::AttorneyReassigned { from, .. } => {
                self.assigned_to = None;
                self.settle(*from, AssignmentStatus::Reassigned, None, version);
            }
            Event::AssignmentCompleted { assignee, actual_hours, .. } => {
                self.settle(*assignee, AssignmentStatus::Completed, *actual_hours, version);
            }
            Event::PhaseChanged { at, from, to } => {
                self.phase = *to;
                if to.is_final() {
                    self.phase_before_close = Some(*from);
                    self.closed_at = Some(*at);
                    self.status = if *to == Phase::Completed { Status::Completed } else { Status::Terminated };
                }
            }
            Event::ConflictDecided { status, .. } => self.conflict_status = *status,
            Event::ConflictsScreened { at, status, registry, frozen } => {
                self.conflict_status = *status;
                self.screened = Some(*registry);
                self.frozen_since = frozen.then(|| self.frozen_since.unwrap_or(*at));
            }
            Event::ConversationSecured { user, .. } => self.user_id = Some(*user),
            Event::ConversationClosed { at, status } => {
                self.status = *status;
                self.closed_at = Some(*at);
            }
            Event::ConversationReopened { .. } => {
                self.status = Status::Active;
                self.closed_at = None;
                if let Some(phase) = self.phase_before_close.take() {
                    self.phase = phase;
                }
            }
            Event::ConversationDeleted { at } => self.deleted_at = Some(*at),
            Event::ConversationRestored { .. } => self.deleted_at = None,
            Event::ResumeTokenIssued { hash, until, .. } => {
                self.resume_token = Some(*hash);
                self.resume_until = Some(*until);
            }
            Event::ResumeTokenExpired { .. } => {
                self.resume_token = None;
                self.resume_until = None;
            }
            Event::LegalHoldSet { at, .. } => self.held_since = Some(*at),
            Event::LegalHoldReleased { .. } => self.held_since = None,
            Event::ConversationErased { at, remains } => *self = Self::erased(*at, remains, version),
        }
    }

    /// What is left after an erasure. It follows from this one event alone, because those before are no longer to be read.
    fn erased(at: Timestamp, remains: &Remains, version: Version) -> Self {
        let mut assignments = remains.assignments.clone();
        // Their rows change with it: they lose their notes.
        assignments.iter_mut().for_each(|assignment| assignment.version = version);
        Self {
            version,
            practice_area: remains.practice_area.clone(),
            status: remains.status,
            phase: remains.phase,
            conflict_status: remains.conflict_status,
            assigned_to: remains.assigned_to,
            assignments,
            message_count: remains.message_count,
            created_at: remains.created_at,
            last_activity: remains.last_activity,
            closed_at: remains.closed_at,
            deleted_at: Some(remains.deleted_at),
            erased_at: Some(at),
            ..Self::default()
        }
    }

    fn settle(&mut self, user: UserId, status: AssignmentStatus, actual_hours: Option<f64>, version: Version) {
        for assignment in self.assignments.iter_mut().filter(|assignment| assignment.assigned_to == user) {
            assignment.status = status;
            assignment.actual_hours = actual_hours.or(assignment.actual_hours);
            assignment.version = version;
        }
    }
}
