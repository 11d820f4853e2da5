//! Who is responsible for a conversation.

use engage_domain::{
    Conversation, ConversationId, UserId,
    actor::Permission,
    conversation::{Command, Terms},
    text::{self, Private},
    user::UserStatus,
};
use engage_index::{
    assignments::{AssignmentList, AssignmentPlace, ListedAssignment},
    users::UserByEmail,
};
use engage_journal::Answer;

use crate::{Caller, Engage, Error, Resource, Runtime, Write, lists::ListPage, runtime::Token};

/// What the caller sees wrong with.
const ASSIGNED_TO: &str = "assignedTo";

/// A change of who is responsible.
#[derive(Clone, Debug)]
pub enum AssignmentChange {
    /// Somebody becomes responsible, or is only asked to.
    Assign {
        /// Who: a user's id or e-mail address.
        assignee: String,
        /// On which terms.
        terms: Terms,
        /// Offered only, not taken up yet.
        pending: bool,
    },
    /// The person responsible is done.
    Complete {
        /// Who, if the caller says so; it must be the person responsible.
        assignee: Option<String>,
        /// How long it took.
        actual_hours: Option<f64>,
    },
}

impl<R: Runtime> Engage<R> {
    /// A page of the firm's assignments, by due date.
    pub async fn list_assignments(
        &self,
        caller: &Caller,
        mut list: AssignmentList,
        token: Option<Token>,
    ) -> Result<ListPage<ListedAssignment, AssignmentPlace>, Error> {
        list.firm = caller.firm.clone();
        self.require(caller, Permission::ListConversations, Resource::Conversation).await?;
        let (mut rows, freshness) = self.runtime.query(&caller.firm, list.clone(), token).await?;
        if let Some(rest) = list.undated(rows.len()) {
            rows.extend(self.runtime.query(&caller.firm, rest, None).await?.0);
        }
        let (rows, next) = list.page(rows);
        Ok(ListPage { rows, next, freshness })
    }

    /// Changes who is responsible, or says that they are done.
    pub async fn change_assignment(
        &self,
        caller: &Caller,
        id: ConversationId,
        write: &Write,
        change: AssignmentChange,
    ) -> Result<Answer<Conversation>, Error> {
        // A caller who may not assign learns nothing of who works here: the conversation refuses them below.
        let may = caller.actor.role.may(Permission::Assign);
        let command = match change {
            AssignmentChange::Assign { assignee, terms, pending } => {
                let assignee = if may { self.assignee(caller, &assignee).await? } else { placeholder(caller) };
                Command::Assign { assignee, terms: Box::new(terms), pending }
            }
            AssignmentChange::Complete { assignee, actual_hours } => {
                if let Some(assignee) = assignee.filter(|_| may) {
                    let assignee = self.assignee(caller, &assignee).await?;
                    let state = self.peek::<Conversation>(caller, id).await?.state;
                    if state.assigned_to.is_some_and(|responsible| responsible != assignee) {
                        return Err(Error::invalid(ASSIGNED_TO, "must be the person who is responsible now"));
                    }
                }
                Command::CompleteAssignment { actual_hours }
            }
        };
        self.command(caller, id, write, 0, command).await
    }

    /// Takes the conversation from whoever is responsible.
    pub async fn unassign(
        &self,
        caller: &Caller,
        id: ConversationId,
        write: &Write,
    ) -> Result<Answer<Conversation>, Error> {
        self.command(caller, id, write, 0, Command::Unassign).await
    }

    /// The active member of staff whom `text` means: an id, or an e-mail address.
    pub async fn assignee(&self, caller: &Caller, text: &str) -> Result<UserId, Error> {
        if let Ok(id) = text.parse::<UserId>() {
            return self.active_staff(caller, id).await?.ok_or_else(unknown);
        }
        let email =
            text::email(text).map_err(|_| Error::invalid(ASSIGNED_TO, "must be a user's id or e-mail address"))?;
        if let Some(id) = self.active_staff(caller, UserId::from_email(&caller.firm, &email)).await? {
            return Ok(id);
        }
        // Not registered under the address: somebody who came in by a token that carried it.
        let query = UserByEmail { firm: caller.firm.clone(), email: Private::new(email) };
        let (rows, _) = self.runtime.query(&caller.firm, query, None).await?;
        let id = rows.first().map(|row| row.user_id).ok_or_else(unknown)?;
        self.active_staff(caller, id).await?.ok_or_else(unknown)
    }

    async fn active_staff(&self, caller: &Caller, id: UserId) -> Result<Option<UserId>, Error> {
        match self.runtime.standing(&caller.firm, id).await? {
            None => Ok(None),
            Some(standing) if standing.status != UserStatus::Active => Err(Error::invalid(
                ASSIGNED_TO,
                format!("must be an active user, not one who is {}", standing.status.as_str()),
            )),
            Some(standing) if !standing.role.is_staff() => {
                Err(Error::invalid(ASSIGNED_TO, "must be one of the firm's staff, not a client"))
            }
            Some(_) => Ok(Some(id)),
        }
    }
}

fn unknown() -> Error {
    Error::invalid(ASSIGNED_TO, "must be a user of the firm")
}

/// Stands for an assignee nobody looked up, in a command that is refused for its role before it is read.
fn placeholder(caller: &Caller) -> UserId {
    caller.actor.user_id.unwrap_or_else(|| UserId::from_ulid(ulid::Ulid(0)))
}
