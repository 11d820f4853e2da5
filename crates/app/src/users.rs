//! The firm's people: who they are, in which role, and whether they may come in.

use engage_domain::{
    Actor, Firm, Role, User, UserId,
    actor::{Access, Permission},
    firm,
    text::{self, Private},
    user::{Command, NAME_MAX, Rejection, UserStatus},
};
use engage_index::{UserRow, users::UserList};
use engage_journal::Answer;

use crate::{Caller, Engage, Error, Resource, Runtime, Write, lists::ListPage, runtime::Token};

/// Somebody to register.
#[derive(Clone, Debug)]
pub struct NewUser {
    /// E-mail address: what they sign in with, unique in the firm.
    pub email: Private,
    /// Full name.
    pub name: Option<Private>,
    /// Their role.
    pub role: Role,
}

/// A change of a user: what is `None` stays.
#[derive(Clone, Debug, Default)]
pub struct UserChange {
    /// Another name.
    pub name: Option<Private>,
    /// Another role.
    pub role: Option<Role>,
    /// Whether they may come in.
    pub status: Option<UserStatus>,
}

impl<R: Runtime> Engage<R> {
    /// A page of the firm's users.
    pub async fn list_users(
        &self,
        caller: &Caller,
        mut list: UserList,
        token: Option<Token>,
    ) -> Result<ListPage<UserRow, UserId>, Error> {
        list.firm = caller.firm.clone();
        self.require(caller, Permission::ReadUsers, Resource::User).await?;
        let (rows, freshness) = self.runtime.query(&caller.firm, list.clone(), token).await?;
        let (rows, next) = list.page(rows);
        Ok(ListPage { rows, next, freshness })
    }

    /// One user, which leaves an access entry.
    pub async fn user(&self, caller: &Caller, id: UserId) -> Result<Answer<User>, Error> {
        self.access(caller, id, Access::Detail).await
    }

    /// Registers a user under an e-mail address. The address is claimed first, so that of two who register it at once one wins; a
    /// crash between the two turns leaves a claim that the same registration takes up again.
    pub async fn register_user(&self, caller: &Caller, write: &Write, new: NewUser) -> Result<Answer<User>, Error> {
        let email = text::email(new.email.as_str()).map_err(|reason| Error::Invalid { field: "email", reason })?;
        check_name(new.name.as_ref())?;
        check_role(new.role)?;
        let id = UserId::from_email(&caller.firm, &email);
        // What creates has no version to expect.
        let write = &Write { expected: None, ..write.clone() };
        let email = Private::new(email);
        let claim = firm::Command::ClaimEmail { email: email.clone(), user: id };
        self.command::<Firm>(caller, caller.firm.clone(), write, 0, claim).await?;
        let register = Command::Register { subject: None, email: Some(email), name: new.name, role: new.role };
        match self.command(caller, id, write, 1, register).await {
            // The claim was theirs already: they are registered under this very address.
            Err(Error::User(Rejection::AlreadyRegistered)) => Err(Error::Firm(firm::Rejection::EmailTaken)),
            other => other,
        }
    }

    /// Changes name, role and status, in this order.
    pub async fn change_user(
        &self,
        caller: &Caller,
        id: UserId,
        write: &Write,
        change: UserChange,
    ) -> Result<Answer<User>, Error> {
        check_name(change.name.as_ref())?;
        let status = change.status.map(|status| match status {
            UserStatus::Active => Command::Reinstate,
            UserStatus::Inactive => Command::Deactivate,
            UserStatus::Suspended => Command::Suspend,
        });
        if let Some(role) = change.role {
            check_role(role)?;
        }
        let rights = change.role.is_some() || status.is_some();
        // Whoever may not manage users hears that, not this.
        if rights && caller.actor.user_id == Some(id) && caller.actor.role.may(Permission::ManageUsers) {
            return Err(Error::User(Rejection::OwnAccount));
        }
        let commands = [change.name.map(Command::Rename), change.role.map(Command::ChangeRole), status];
        let mut answer = Err(Error::invalid("body", "must name what is to change: name, role or status"));
        for (step, command) in (0..).zip(commands.into_iter().flatten()) {
            answer = Ok(self.command(caller, id, write, step, command).await?);
        }
        answer
    }

    /// Refuses every token that was issued to the user until now.
    pub async fn revoke_sessions(&self, caller: &Caller, id: UserId, write: &Write) -> Result<Answer<User>, Error> {
        self.command(caller, id, write, 0, Command::RevokeSessions).await
    }

    /// Refuses every token that was issued to the caller until now, whatever their role: their sessions are theirs to end. The platform does
    /// it for them, and the entry names them.
    pub async fn revoke_own_sessions(&self, caller: &Caller) -> Result<(), Error> {
        let Some(id) = caller.actor.user_id else { return Err(Error::NotFound(Resource::User)) };
        let actor = Actor { role: Role::System, ..caller.actor.clone() };
        let own = Caller { actor, ..caller.clone() };
        self.command::<User>(&own, id, &Write::default(), 0, Command::RevokeSessions).await.map(drop)
    }
}

fn check_name(name: Option<&Private>) -> Result<(), Error> {
    let checked = name.map(|name| text::line(name.as_str(), NAME_MAX)).transpose();
    checked.map(drop).map_err(|reason| Error::Invalid { field: "name", reason })
}

fn check_role(role: Role) -> Result<(), Error> {
    if Role::ASSIGNABLE.contains(&role) { Ok(()) } else { Err(Error::User(Rejection::RoleNotAssignable(role))) }
}
