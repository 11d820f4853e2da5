//! The firm itself: coming to be, and what it can set.

use engage_domain::{
    Firm, FirmId, PracticeArea, UserId,
    actor::{Access, Denial, Permission},
    firm::{Command, SavedView, SettingsChange},
};
use engage_journal::Answer;

use crate::{Caller, Claims, Engage, Error, Origin, Runtime, Write};

impl<R: Runtime> Engage<R> {
    /// Brings a firm into being, as the platform: from the command line, on a folder that nobody serves.
    pub async fn create_firm(
        &self,
        caller: &Caller,
        write: &Write,
        name: String,
        settings: SettingsChange,
    ) -> Result<Answer<Firm>, Error> {
        let create = Command::Create { name, settings: Box::new(settings) };
        let write = &Write { expected: None, ..write.clone() };
        self.command(caller, caller.firm.clone(), write, 0, create).await
    }

    /// Brings the firm that a verified token names into being. Nobody is known to it yet, so only the token's role speaks.
    pub async fn create_firm_as(
        &self,
        claims: &Claims,
        origin: Origin,
        write: &Write,
        name: String,
        settings: SettingsChange,
    ) -> Result<Answer<Firm>, Error> {
        let caller = match self.admit(claims, origin.clone()).await {
            Ok(caller) => caller,
            // There is no object yet that could refuse them, nor one to note it on.
            Err(Error::NotFound(_)) if !claims.role.may(Permission::ManageSettings) => {
                return Err(Error::Forbidden(Denial::Role(Permission::ManageSettings)));
            }
            Err(Error::NotFound(_)) => Caller::founder(claims, origin),
            Err(error) => return Err(error),
        };
        self.create_firm(&caller, write, name, settings).await
    }

    /// Whether the host itself keeps the firm's objects where the firm says that they must stay.
    pub fn is_held_within(&self, firm: &FirmId, jurisdiction: &str) -> bool {
        self.runtime.held_within(firm).is_some_and(|held| held.as_str().eq_ignore_ascii_case(jurisdiction))
    }

    /// The firm's name and settings.
    pub async fn settings(&self, caller: &Caller) -> Result<Answer<Firm>, Error> {
        self.access(caller, caller.firm.clone(), Access::Detail).await
    }

    /// Changes name or settings.
    pub async fn change_settings(
        &self,
        caller: &Caller,
        write: &Write,
        change: SettingsChange,
    ) -> Result<Answer<Firm>, Error> {
        self.command(caller, caller.firm.clone(), write, 0, Command::Change(Box::new(change))).await
    }

    /// Keeps a view under a name: the caller's own, or the firm's.
    pub async fn save_view(
        &self,
        caller: &Caller,
        write: &Write,
        name: String,
        query: String,
        shared: bool,
    ) -> Result<Answer<Firm>, Error> {
        let save = Command::SaveView(SavedView { name, query, owner: owner(caller, shared) });
        self.command(caller, caller.firm.clone(), write, 0, save).await
    }

    /// Keeps a view no longer.
    pub async fn remove_view(
        &self,
        caller: &Caller,
        write: &Write,
        name: String,
        shared: bool,
    ) -> Result<Answer<Firm>, Error> {
        let remove = Command::RemoveView { owner: owner(caller, shared), name };
        self.command(caller, caller.firm.clone(), write, 0, remove).await
    }

    /// Makes sure that a practice area is known.
    pub async fn add_practice_area(
        &self,
        caller: &Caller,
        id: PracticeArea,
        name: String,
    ) -> Result<Answer<Firm>, Error> {
        let add = Command::AddPracticeArea { id, name };
        self.command(caller, caller.firm.clone(), &Write::default(), 0, add).await
    }
}

/// Whose a view is.
fn owner(caller: &Caller, shared: bool) -> Option<UserId> {
    caller.actor.user_id.filter(|_| !shared)
}
