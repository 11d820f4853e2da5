//! One row, and the command that brings it in.

use engage_domain::{
    ConversationId, PracticeArea, Timestamp, UserId,
    conversation::{Author, Close, Command, Dated, GoalTemplate, Identity, MESSAGE_MAX, Start, Status},
    text::Private,
};

use super::split::split;

/// A row that can be brought in.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// The line on which it begins, from 1; the header counts.
    pub line: u64,
    /// What the other system calls it.
    pub external_id: Private,
    /// The conversation that it becomes, always the same one: named after firm, column and external id.
    pub conversation_id: ConversationId,
    /// Its practice area, and what the file calls it, cut where that is longer than a firm's name for it may be.
    pub practice_area: Option<(PracticeArea, String)>,
    /// Who is responsible: an e-mail address in lower case or a user id, for the sink to look up.
    pub assigned_to: Option<String>,
    /// The client's particulars.
    pub identity: Identity,
    /// Whether it goes on.
    pub status: Status,
    /// When it began: the file's `createdAt`, else its `lastActivity`, else the time of the import.
    pub created_at: Timestamp,
    /// When somebody last did something in it; never before it began.
    pub last_activity: Timestamp,
    /// The client's first message, of any length.
    pub message: Option<Private>,
    /// What was not taken over as it stood; worth showing, no reason to stop.
    pub notes: Vec<Note>,
}

/// What was not taken over as it stood in the file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Note {
    /// The file has the last activity before the beginning; the beginning stands for both.
    #[error("lastActivity {last_activity} lies before createdAt {created_at}, which was taken for both")]
    ActivityBeforeCreation {
        /// What the file says.
        last_activity: Timestamp,
        /// When it began.
        created_at: Timestamp,
    },
    /// The practice area's name is longer than a slug may be; names that begin alike become one area. A value map says better.
    #[error("practiceArea {name:?} was shortened to {slug}")]
    PracticeAreaShortened {
        /// The name.
        name: String,
        /// The slug.
        slug: PracticeArea,
    },
    /// The row holds nothing that could carry its last activity.
    #[error("lastActivity {last_activity} was left out: the row holds nothing that could have happened then")]
    ActivityLeftOut {
        /// What the file says.
        last_activity: Timestamp,
    },
}

/// What happened last in a conversation that goes on: an event carries a time, so something has to have happened then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Latest {
    /// The beginning, or the end of a closed one.
    Known,
    /// Particulars came in: what of them came last is not known, so the weightiest is taken.
    Identity,
    /// Its practice area became known.
    Area,
    /// It was assigned.
    Assignment,
    /// The message came in.
    Message,
    /// The row holds nothing.
    Nothing,
}

impl Row {
    /// The command that brings the row in, with the file's own dates. `assignee` is whom the sink found for
    /// [`Row::assigned_to`]; `goals` are those of the practice area in the firm's settings.
    ///
    /// It starts at `created_at`, with message and assignment, and ends, where it is closed, at `last_activity`. Where it goes
    /// on, the first of these that the row holds is dated at `last_activity`: situation, legal area, phone, e-mail, name,
    /// practice area, assignment, message.
    pub fn command(&self, assignee: Option<UserId>, goals: Vec<GoalTemplate>) -> Command {
        let latest = self.latest(assignee);
        let (early, late) = match latest {
            Latest::Identity => part(&self.identity),
            Latest::Known | Latest::Area | Latest::Assignment | Latest::Message | Latest::Nothing => {
                (self.identity.clone(), Identity::default())
            }
        };
        let (area, classify) = match &self.practice_area {
            Some((area, _)) if latest == Latest::Area => {
                (None, Some(Command::Classify { practice_area: area.clone(), goals: goals.clone() }))
            }
            area => (area.as_ref().map(|(area, _)| area.clone()), None),
        };
        let start = Start {
            identity: early,
            goals: if classify.is_some() { vec![] } else { goals },
            practice_area: area,
            resume: None,
            external_id: Some(self.external_id.clone()),
        };
        let when = |dated: Latest| if latest == dated { self.last_activity } else { self.created_at };
        let mut steps = vec![Dated { at: self.created_at, command: Command::Start(Box::new(start)) }];
        let parts = self.message.as_ref().map_or(vec![], |message| split(message.as_str(), MESSAGE_MAX));
        steps.extend(parts.into_iter().map(|part| Dated {
            at: when(Latest::Message),
            command: Command::AddMessage { author: Author::User, content: part.into() },
        }));
        steps.extend(assignee.map(|assignee| Dated {
            at: when(Latest::Assignment),
            command: Command::Assign { assignee, terms: Box::default(), pending: false },
        }));
        let last = match self.status {
            Status::Completed => Some(Command::Close(Close::Completed)),
            Status::Terminated => Some(Command::Close(Close::Terminated)),
            Status::Active if !late.is_empty() => Some(Command::UpdateIdentity(Box::new(late))),
            Status::Active => classify,
        };
        steps.extend(last.map(|command| Dated { at: self.last_activity, command }));
        Command::History(steps)
    }

    /// Whether [`Row::command`] finds nothing to date at `last_activity`, supposing that the assignee is found.
    pub(super) fn leaves_activity_out(&self) -> bool {
        let assignee = self.assigned_to.as_ref().map(|_| UserId::from_ulid(Default::default()));
        self.latest(assignee) == Latest::Nothing
    }

    fn latest(&self, assignee: Option<UserId>) -> Latest {
        if self.status != Status::Active || self.last_activity == self.created_at {
            Latest::Known
        } else if !self.identity.is_empty() {
            Latest::Identity
        } else if self.practice_area.is_some() {
            Latest::Area
        } else if assignee.is_some() {
            Latest::Assignment
        } else if self.message.is_some() {
            Latest::Message
        } else {
            Latest::Nothing
        }
    }
}

/// Takes one field out of an identity that is not empty.
fn part(identity: &Identity) -> (Identity, Identity) {
    let (mut early, mut late) = (identity.clone(), Identity::default());
    let fields = [
        (&mut early.situation, &mut late.situation),
        (&mut early.legal_area, &mut late.legal_area),
        (&mut early.phone, &mut late.phone),
        (&mut early.email, &mut late.email),
        (&mut early.name, &mut late.name),
    ];
    if let Some((from, to)) = fields.into_iter().find(|(from, _)| from.is_some()) {
        *to = from.take();
    }
    (early, late)
}
