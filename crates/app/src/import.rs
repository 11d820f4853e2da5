//! Conversations from elsewhere, with the times at which things happened there. Importing the same row again changes nothing.

use engage_domain::{
    Conversation, ConversationId, PracticeArea, UserId, Version,
    actor::Permission,
    conversation::{self, Author, Close, Command, Dated, GoalTemplate, Identity, Start, Terms},
    text::Private,
    time::Timestamp,
};

use crate::{Caller, Engage, Error, Resource, Runtime, Write};

/// Most rows of one batch: a batch answers within a second.
pub const BATCH_MAX: usize = 200;

/// A conversation as another system knew it.
#[derive(Clone, Debug)]
pub struct ImportRow {
    /// The id that it gets: derived from the other system's name for it, so that importing again meets the same object.
    pub id: ConversationId,
    /// The practice area and what people call it.
    pub practice_area: Option<(PracticeArea, String)>,
    /// Who is responsible: an id or e-mail address.
    pub assigned_to: Option<String>,
    /// What happened.
    pub steps: Vec<ImportStep>,
}

/// Something that happened in an imported conversation.
#[derive(Clone, Debug)]
pub struct ImportStep {
    /// When.
    pub at: Timestamp,
    /// What.
    pub what: ImportAction,
}

/// What can have happened in an imported conversation.
#[derive(Clone, Debug)]
pub enum ImportAction {
    /// It began.
    Start {
        /// What is known of the client.
        identity: Identity,
        /// What the other system calls it.
        external_id: Option<Private>,
    },
    /// Somebody said something.
    Message {
        /// Who.
        author: Author,
        /// What.
        content: Private,
    },
    /// Particulars came in.
    Identity(Identity),
    /// The row's practice area became known, so it was not at the beginning.
    Classify,
    /// The row's person became responsible.
    Assign,
    /// It ended.
    Close(Close),
}

/// What became of a row.
#[derive(Debug)]
pub enum Imported {
    /// It is there now.
    Created(ConversationId, Version),
    /// It was there already.
    AlreadyThere(ConversationId),
    /// It was turned down; the others of its batch are not affected.
    Refused(Error),
}

impl<R: Runtime> Engage<R> {
    /// Imports a batch, row by row: each is there whole or not at all, and one that is refused does not stop the rest.
    ///
    /// Fails as a whole when the caller may not import or the platform cannot.
    pub async fn import(&self, caller: &Caller, rows: Vec<ImportRow>) -> Result<Vec<Imported>, Error> {
        self.require(caller, Permission::Import, Resource::Conversation).await?;
        if rows.len() > BATCH_MAX {
            return Err(Error::invalid("rows", format!("must be at most {BATCH_MAX}, are {}", rows.len())));
        }
        let mut outcomes = Vec::with_capacity(rows.len());
        for row in rows {
            let id = row.id;
            outcomes.push(match self.import_row(caller, row).await {
                Ok(version) => Imported::Created(id, version),
                Err(Error::Conversation(conversation::Rejection::AlreadyStarted)) => Imported::AlreadyThere(id),
                Err(error @ Error::Fault(_)) => return Err(error),
                Err(refused) => Imported::Refused(refused),
            });
        }
        Ok(outcomes)
    }

    async fn import_row(&self, caller: &Caller, row: ImportRow) -> Result<Version, Error> {
        let ImportRow { id, practice_area, assigned_to, steps } = row;
        let assignee = match assigned_to {
            Some(text) => Some(self.assignee(caller, &text).await?),
            None => None,
        };
        let area = match practice_area {
            Some((area, name)) => {
                self.ensure_practice_area(caller, &area, name).await?;
                Some(area)
            }
            None => None,
        };
        let goals = self.goals_of(caller, area.as_ref()).await?;
        let lookups = Lookups { known_later: steps.iter().any(is_classification), area, goals, assignee };
        let history = steps.into_iter().filter_map(|step| lookups.dated(step)).collect();
        let answer = self.command::<Conversation>(caller, id, &Write::default(), 0, Command::History(history)).await?;
        Ok(answer.state.version)
    }

    /// Adds a practice area to the firm's settings unless it is there.
    pub async fn ensure_practice_area(&self, caller: &Caller, area: &PracticeArea, name: String) -> Result<(), Error> {
        let firm = self.runtime.firm(&caller.firm).await?;
        if firm.settings.practice_areas.iter().all(|known| known.id != *area) {
            self.add_practice_area(caller, area.clone(), name).await?;
        }
        Ok(())
    }
}

fn is_classification(step: &ImportStep) -> bool {
    matches!(step.what, ImportAction::Classify)
}

/// What was looked up for a row.
struct Lookups {
    area: Option<PracticeArea>,
    /// Whether the area became known only after the beginning.
    known_later: bool,
    goals: Vec<GoalTemplate>,
    assignee: Option<UserId>,
}

impl Lookups {
    /// The command that a step stands for; none for an assignment to nobody and an area that the row does not name.
    fn dated(&self, step: ImportStep) -> Option<Dated> {
        let (area, goals) = (self.area.clone(), self.goals.clone());
        let command = match step.what {
            ImportAction::Start { identity, external_id } => {
                let (practice_area, goals) = if self.known_later { (None, vec![]) } else { (area, goals) };
                Command::Start(Box::new(Start { identity, practice_area, goals, resume: None, external_id }))
            }
            ImportAction::Message { author, content } => Command::AddMessage { author, content },
            ImportAction::Identity(identity) => Command::UpdateIdentity(Box::new(identity)),
            ImportAction::Classify => Command::Classify { practice_area: area?, goals },
            ImportAction::Assign => {
                Command::Assign { assignee: self.assignee?, terms: Box::new(Terms::default()), pending: false }
            }
            ImportAction::Close(close) => Command::Close(close),
        };
        Some(Dated { at: step.at, command })
    }
}
