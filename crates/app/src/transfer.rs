//! A firm on its way from one host to another, over the wire: its journal as pages of lines, or made of lines that are sent.
//!
//! Guarantees: whoever takes a journal out has left an entry before they see a line of it, and an export token proves that; the lines of
//! a firm that is being brought in are reachable by nobody before they are all there and their digest is right.

use engage_domain::{Denial, FirmId, Timestamp, UserId, actor::Permission, firm::Rejection};
use engage_journal::{
    ObjectKey,
    transfer::{FORMAT, Line, ObjectHead, Place},
};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::json;
use sha2::Sha256;

use crate::{Caller, Claims, Engage, Error, Origin, Resource, Runtime, runtime::JournalPage};

/// How long an export token works, in milliseconds.
pub const EXPORT_TTL_MS: i64 = 24 * 60 * 60 * 1000;
/// Most heads of one page.
pub const HEADS_MAX: i64 = 100;
/// What the entry about an export is called.
pub const EXPORTED: &str = "journal_exported";

/// What became of lines that were sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Landed {
    /// They are kept until the rest is there.
    Partly,
    /// They were the last: the firm is there.
    Whole,
    /// They cannot be. What came before is kept.
    Refused(String),
    /// There is a firm of that name.
    Exists,
}

/// From which export tokens come.
pub(crate) struct Secret(Hmac<Sha256>);

impl Secret {
    pub(crate) fn derived_from(secret: &[u8]) -> Self {
        let keyed = |key: &[u8]| Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes a key of any length");
        let mut mac = keyed(secret);
        mac.update(b"engage export tokens");
        Self(keyed(&mac.finalize().into_bytes()))
    }

    fn mac(&self, firm: &FirmId, user: Option<UserId>, at: i64) -> Hmac<Sha256> {
        let mut mac = self.0.clone();
        let user = user.map(|user| user.to_string()).unwrap_or_default();
        mac.update(format!("{firm}/{user}/{at}").as_bytes());
        mac
    }

    fn token(&self, firm: &FirmId, user: Option<UserId>, at: Timestamp) -> String {
        let mac = self.mac(firm, user, at.as_millis()).finalize().into_bytes();
        let digits: String = mac.iter().map(|byte| format!("{byte:02x}")).collect();
        format!("{}.{digits}", at.as_millis())
    }

    fn is_valid(&self, token: &str, firm: &FirmId, user: Option<UserId>, now: Timestamp) -> bool {
        let Some((at, digits)) = token.split_once('.') else { return false };
        let Ok(at) = at.parse::<i64>() else { return false };
        let fresh = (0..EXPORT_TTL_MS).contains(&now.as_millis().saturating_sub(at));
        let bytes = digits.as_bytes().chunks(2).map(|pair| {
            let pair = std::str::from_utf8(pair).ok()?;
            u8::from_str_radix(pair, 16).ok()
        });
        let Some(bytes) = bytes.collect::<Option<Vec<_>>>() else { return false };
        fresh && self.mac(firm, user, at).verify_slice(&bytes).is_ok()
    }
}

impl<R: Runtime> Engage<R> {
    /// Leaves an entry about an export that begins; gives the token with which lines are asked for, and until when it works.
    pub async fn begin_export(&self, caller: &Caller, firm: &str) -> Result<(String, Timestamp), Error> {
        self.carries(caller, firm).await?;
        self.note(caller, EXPORTED, &json!({})).await?;
        let now = self.runtime.now();
        let token = self.export_secret.token(&caller.firm, caller.actor.user_id, now);
        Ok((token, now.plus_millis(EXPORT_TTL_MS)))
    }

    /// A page of the journal's lines.
    pub async fn journal_lines(
        &self,
        caller: &Caller,
        firm: &str,
        export: &str,
        after: Place,
    ) -> Result<JournalPage, Error> {
        self.carries(caller, firm).await?;
        if !self.export_secret.is_valid(export, &caller.firm, caller.actor.user_id, self.runtime.now()) {
            return Err(Error::invalid("export", "must be the token of an export that you began within a day"));
        }
        Ok(self.runtime.journal_page(&caller.firm, after).await?)
    }

    /// At most [`HEADS_MAX`] heads of objects' chains, in the order of kind and name, and behind which the next page begins.
    pub async fn journal_heads(
        &self,
        caller: &Caller,
        firm: &str,
        after: Option<ObjectKey>,
    ) -> Result<(Vec<ObjectHead>, Option<ObjectKey>), Error> {
        self.carries(caller, firm).await?;
        Ok(self.runtime.heads(&caller.firm, after, HEADS_MAX).await?)
    }

    /// Takes in lines of a firm that is not here yet, as the bearer of its administrator's token. Lines that came before are passed over.
    pub async fn receive_journal(
        &self,
        claims: &Claims,
        origin: Origin,
        firm: &str,
        format: u32,
        lines: Vec<Line>,
    ) -> Result<Landed, Error> {
        self.brings(claims, origin, firm).await?;
        if format != FORMAT {
            return Err(Error::invalid("format", format!("must be {FORMAT}, is {format}")));
        }
        match self.runtime.receive(&claims.firm, lines).await? {
            Landed::Exists => Err(Rejection::AlreadyExists.into()),
            Landed::Refused(problem) => Err(Error::invalid("lines", problem)),
            landed @ (Landed::Partly | Landed::Whole) => Ok(landed),
        }
    }

    /// Takes away what came of a firm that is not whole. Never touches one that is.
    pub async fn abandon_journal(&self, claims: &Claims, origin: Origin, firm: &str) -> Result<(), Error> {
        self.brings(claims, origin, firm).await?;
        Ok(self.runtime.abandon(&claims.firm).await?)
    }

    async fn carries(&self, caller: &Caller, firm: &str) -> Result<(), Error> {
        self.own_firm(caller, firm).await?;
        self.require(caller, Permission::CarryJournal, Resource::Firm).await
    }

    /// Whether the bearer may bring in the firm that their token names, which must not be here.
    async fn brings(&self, claims: &Claims, origin: Origin, firm: &str) -> Result<(), Error> {
        match self.admit(claims, origin).await {
            // A firm that is here can note who tried.
            Ok(caller) => {
                self.carries(&caller, firm).await?;
                Err(Rejection::AlreadyExists.into())
            }
            Err(Error::NotFound(_)) if claims.firm.as_str() != firm => Err(Error::NotFound(Resource::Firm)),
            Err(Error::NotFound(_)) if claims.role.may(Permission::CarryJournal) => Ok(()),
            Err(Error::NotFound(_)) => Err(Error::Forbidden(Denial::Role(Permission::CarryJournal))),
            Err(error) => Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_export_token_is_its_users_in_its_firm_for_a_day() {
        let (secret, other) = (Secret::derived_from(b"a"), Secret::derived_from(b"b"));
        let (acme, zenith): (FirmId, FirmId) = ("acme".parse().unwrap(), "zenith".parse().unwrap());
        let user = |name| Some(UserId::from_subject(&acme, name));
        let at = Timestamp::from_millis(1_000);
        let token = secret.token(&acme, user("ann"), at);
        assert!(secret.is_valid(&token, &acme, user("ann"), at));
        assert!(secret.is_valid(&token, &acme, user("ann"), at.plus_millis(EXPORT_TTL_MS - 1)));
        for (secret, firm, user, at) in [
            (&other, &acme, user("ann"), at),
            (&secret, &zenith, user("ann"), at),
            (&secret, &acme, user("bob"), at),
            (&secret, &acme, None, at),
            (&secret, &acme, user("ann"), at.plus_millis(EXPORT_TTL_MS)),
            (&secret, &acme, user("ann"), at.plus_millis(-1)),
        ] {
            assert!(!secret.is_valid(&token, firm, user, at));
        }
        for bad in ["", ".", "1000.", "1000.zz", &token[..token.len() - 2], &token.replace("1000", "1001")] {
            assert!(!secret.is_valid(bad, &acme, user("ann"), at), "{bad}");
        }
    }
}
