//! Who is let in, and in which role.
//!
//! - The firm must exist and be served; the user must be active; the token must not be older than a revocation of their sessions.
//! - The token's role counts, unless an administrator changed the user's role after the token was issued: then the record's does.
//! - A valid token of somebody whom the firm does not know yet registers them (just-in-time provisioning).

use engage_domain::{
    Actor, Firm, FirmId, Role, Timestamp, User, UserId,
    conversation::NAME_MAX,
    firm::{self, FirmStatus},
    text::{self, Private},
    user::{self, UserStatus},
};
use engage_journal::{Call, Hosted, Intent, Turn};

use crate::{Engage, Error, Fault, Resource, Runtime, Standing};

/// What a verified token says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claims {
    /// What the identity provider calls the user.
    pub subject: Private,
    /// The user that this is.
    pub user_id: UserId,
    /// The firm.
    pub firm: FirmId,
    /// The role.
    pub role: Role,
    /// When the token was issued.
    pub issued_at: Timestamp,
    /// When it ends.
    pub expires_at: Timestamp,
    /// The user's e-mail address, where the token carries it.
    pub email: Option<Private>,
    /// The user's name, where the token carries it.
    pub name: Option<Private>,
}

/// Where a request comes from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origin {
    /// The client's address.
    pub ip: Option<Box<str>>,
    /// The `User-Agent` header, cut at [`engage_domain::actor::USER_AGENT_MAX`].
    pub user_agent: Option<Box<str>>,
}

impl Origin {
    fn actor(self, role: Role) -> Actor {
        Actor { role, ip: self.ip, user_agent: self.user_agent, ..Actor::SYSTEM }
    }
}

/// Somebody who was let in.
#[derive(Clone, Debug)]
pub struct Caller {
    /// The firm.
    pub firm: FirmId,
    /// Who acts, in which role, from where.
    pub actor: Actor,
    /// The conversation whose resume token a visitor holds.
    pub(crate) conversation: Option<engage_domain::ConversationId>,
}

impl Caller {
    /// The platform itself acting in a firm: imports, provisioning, the command line.
    pub const fn system(firm: FirmId) -> Self {
        Self { firm, actor: Actor::SYSTEM, conversation: None }
    }

    /// Somebody who brings a firm into being, and whom it cannot know yet.
    pub(crate) fn founder(claims: &Claims, origin: Origin) -> Self {
        let actor = Actor { user_id: Some(claims.user_id), ..origin.actor(claims.role) };
        Self { firm: claims.firm.clone(), actor, conversation: None }
    }
}

impl<R: Runtime> Engage<R> {
    /// Lets the bearer of a verified token in, or says why not.
    pub async fn admit(&self, claims: &Claims, origin: Origin) -> Result<Caller, Error> {
        let firm = self.runtime.firm(&claims.firm).await?;
        let mut actor = origin.actor(claims.role);
        actor.user_id = Some(claims.user_id);
        let mut caller = Caller { firm: claims.firm.clone(), actor, conversation: None };
        if firm.status == FirmStatus::Suspended {
            self.refuse(&caller, Resource::Firm, None, "firm_suspended").await?;
            return Err(Error::FirmSuspended);
        }
        let standing = match self.runtime.standing(&claims.firm, claims.user_id).await? {
            Some(standing) => standing,
            None => self.provision(claims, &caller).await?,
        };
        match checked(claims, standing) {
            Ok(role) => {
                caller.actor.role = role;
                Ok(caller)
            }
            Err((denial, error)) => {
                self.refuse(&caller, Resource::User, Some(claims.user_id.to_string().into()), denial).await?;
                Err(error)
            }
        }
    }

    /// Lets the bearer of a verified token in who begins a session, and notes that they signed in.
    pub async fn sign_in(&self, claims: &Claims, origin: Origin) -> Result<(), Error> {
        // Whoever is registered on the way is noted there.
        let is_known = self.runtime.standing(&claims.firm, claims.user_id).await?.is_some();
        let caller = self.admit(claims, origin).await?;
        if is_known {
            let own = Actor { role: Role::System, ..caller.actor };
            let sign_in = user::Command::RecordSignIn;
            match self.as_system::<User>(&own, &claims.firm, claims.user_id, sign_in).await? {
                Turn::Done(_) => {}
                other => return Err(unexpected(other)),
            }
        }
        Ok(())
    }

    /// Lets somebody in who shows no token of a user: a visitor.
    pub(crate) async fn admit_visitor(&self, firm: &FirmId, origin: Origin) -> Result<Caller, Error> {
        let state = self.runtime.firm(firm).await?;
        let caller = Caller { firm: firm.clone(), actor: origin.actor(Role::Visitor), conversation: None };
        match state.status {
            FirmStatus::Active => Ok(caller),
            FirmStatus::Suspended => {
                self.refuse(&caller, Resource::Firm, None, "firm_suspended").await?;
                Err(Error::FirmSuspended)
            }
        }
    }

    /// Whether somebody who was let in earlier still would be: what a long answer asks now and then.
    pub(crate) async fn still_admitted(&self, caller: &Caller, since: Timestamp) -> Result<bool, Fault> {
        if self.runtime.firm(&caller.firm).await?.status == FirmStatus::Suspended {
            return Ok(false);
        }
        let Some(user) = caller.actor.user_id else { return Ok(true) };
        let standing = self.runtime.standing(&caller.firm, user).await?;
        Ok(standing.is_some_and(|standing| {
            standing.status == UserStatus::Active
                && standing.sessions_revoked_at.is_none_or(|at| at < since)
                && standing.role_changed_at.is_none_or(|at| at < since || standing.role == caller.actor.role)
        }))
    }

    /// Registers the user of a token whom the firm does not know yet, and notes that they signed in. Safe to race: whoever comes
    /// second finds the user registered.
    async fn provision(&self, claims: &Claims, caller: &Caller) -> Result<Standing, Error> {
        let system = Actor { user_id: None, role: Role::System, ..caller.actor.clone() };
        let id = claims.user_id;
        // Who is known by an e-mail address has no other; a claim that is no address counts as none.
        let stated = claims.email.as_ref().or(Some(&claims.subject));
        let mut email = stated.and_then(|email| text::email(email.as_str()).ok()).map(Private::new);
        if let Some(wanted) = email.clone() {
            let claim = firm::Command::ClaimEmail { email: wanted, user: id };
            match self.as_system::<Firm>(&system, &claims.firm, claims.firm.clone(), claim).await? {
                Turn::Done(_) => {}
                // Somebody else's address, or one that is none: the user comes in without it.
                Turn::Rejected(_) => email = None,
                other => return Err(unexpected(other)),
            }
        }
        let name = claims.name.as_ref().and_then(|name| text::line(name.as_str(), NAME_MAX).ok()).map(Private::from);
        let register =
            user::Command::Register { subject: Some(claims.subject.clone()), email, name, role: claims.role };
        match self.as_system::<User>(&system, &claims.firm, id, register).await? {
            Turn::Done(_) | Turn::Rejected(user::Rejection::AlreadyRegistered) => {}
            Turn::Rejected(rejection) => return Err(rejection.into()),
            other => return Err(unexpected(other)),
        }
        let sign_in = user::Command::RecordSignIn;
        match self.as_system::<User>(&system, &claims.firm, id, sign_in).await? {
            Turn::Done(answer) => {
                let state = &answer.state;
                Ok(Standing {
                    role: state.role.unwrap_or(claims.role),
                    status: state.status,
                    role_changed_at: state.role_changed_at,
                    sessions_revoked_at: state.sessions_revoked_at,
                })
            }
            other => Err(unexpected(other)),
        }
    }

    pub(crate) async fn as_system<A: Hosted>(
        &self,
        system: &Actor,
        firm: &FirmId,
        id: A::Id,
        command: A::Command,
    ) -> Result<Turn<A>, Fault> {
        self.runtime.call::<A>(firm, id, Call::new(system.clone(), Intent::Command(command))).await
    }
}

/// The role in which the bearer acts, or why they are refused.
fn checked(claims: &Claims, standing: Standing) -> Result<Role, (&'static str, Error)> {
    match standing.status {
        UserStatus::Active => {}
        UserStatus::Inactive => return Err(("user_inactive", Error::UserBarred(standing.status))),
        UserStatus::Suspended => return Err(("user_suspended", Error::UserBarred(standing.status))),
    }
    // A token's time has whole seconds: one of the same second may be the older one, so it does not count.
    if standing.sessions_revoked_at.is_some_and(|at| claims.issued_at <= at) {
        return Err(("session_revoked", Error::Revoked));
    }
    let outdated = standing.role_changed_at.is_some_and(|at| claims.issued_at <= at);
    Ok(if outdated { standing.role } else { claims.role })
}

/// The end of a turn of the platform's own that names no version and no command id, and may everything.
fn unexpected<A: Hosted>(turn: Turn<A>) -> Error {
    match turn {
        Turn::NotFound => Error::NotFound(Resource::Firm),
        Turn::Denied { denial, .. } => Error::Forbidden(denial),
        Turn::Stale { current } => Error::Stale { current },
        Turn::CommandIdReused => Error::CommandIdReused,
        Turn::Done(_) | Turn::Rejected(_) => unreachable!("handled by the caller"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claims(issued_ms: i64) -> Claims {
        let firm: FirmId = "acme".parse().expect("a slug");
        Claims {
            subject: "ann".into(),
            user_id: UserId::from_subject(&firm, "ann"),
            firm,
            role: Role::Attorney,
            issued_at: Timestamp::from_millis(issued_ms),
            expires_at: Timestamp::from_millis(issued_ms + 1),
            email: None,
            name: None,
        }
    }

    fn standing() -> Standing {
        Standing { role: Role::Paralegal, status: UserStatus::Active, role_changed_at: None, sessions_revoked_at: None }
    }

    #[test]
    fn the_tokens_role_counts_until_an_administrator_changes_it() {
        assert_eq!(checked(&claims(1000), standing()).unwrap(), Role::Attorney);
        let changed = Standing { role_changed_at: Some(Timestamp::from_millis(1500)), ..standing() };
        assert_eq!(checked(&claims(1000), changed).unwrap(), Role::Paralegal);
        assert_eq!(checked(&claims(2000), changed).unwrap(), Role::Attorney);
    }

    #[test]
    fn suspended_inactive_and_revoked_are_refused() {
        for status in [UserStatus::Suspended, UserStatus::Inactive] {
            let barred = checked(&claims(1000), Standing { status, ..standing() });
            assert!(matches!(barred, Err((_, Error::UserBarred(now))) if now == status));
        }
        let revoked = Standing { sessions_revoked_at: Some(Timestamp::from_millis(1000)), ..standing() };
        assert!(matches!(checked(&claims(1000), revoked), Err((_, Error::Revoked))));
        assert!(checked(&claims(2000), revoked).is_ok());
    }
}
