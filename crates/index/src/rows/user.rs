//! `user_index`.

use engage_domain::{FirmId, Role, Timestamp, UserId, Version, text::Private, user::UserStatus};
use engage_journal::{self as journal, Row};

use super::{IndexRow, maybe_parse, parse, private, text_of, unsigned, version, word};
use crate::{Param, Table, scan::Key};

/// A user as lists show them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserRow {
    /// The firm.
    pub firm_id: FirmId,
    /// The user.
    pub user_id: UserId,
    /// What the identity provider calls them; `auth0UserId` is the specification's name for it.
    pub subject: Option<Private>,
    /// E-mail address.
    pub email: Option<Private>,
    /// Full name.
    pub name: Option<Private>,
    /// Their role.
    pub role: Option<Role>,
    /// Whether they may come in.
    pub status: UserStatus,
    /// When they last signed in.
    pub last_login: Option<Timestamp>,
    /// When they were registered.
    pub created_at: Timestamp,
    /// The version that the row shows.
    pub version: Version,
    /// How many conversations are theirs as a client and not deleted. Kept by triggers; 0 in a projection, not in the digest.
    pub conversation_count: u64,
    /// How many conversations they are responsible for that are not deleted. As the count above.
    pub assigned_conversation_count: u64,
}

impl IndexRow for UserRow {
    const TABLE: Table = Table::User;

    fn params(&self) -> Vec<Param> {
        vec![
            (&self.firm_id).into(),
            self.user_id.into(),
            text_of(&self.subject),
            text_of(&self.email),
            text_of(&self.name),
            Param::maybe(self.role.map(Role::as_str)),
            self.status.as_str().into(),
            Param::maybe(self.last_login),
            self.created_at.into(),
            self.version.into(),
        ]
    }

    fn decode(row: &dyn Row) -> Result<Self, journal::Error> {
        let t = Self::TABLE;
        let role = row.maybe_text(5)?.map(|_| word(t, row, 5, Role::parse)).transpose()?;
        Ok(Self {
            firm_id: parse(t, row, 0)?,
            user_id: parse(t, row, 1)?,
            subject: private(row, 2)?,
            email: private(row, 3)?,
            name: private(row, 4)?,
            role,
            status: word(t, row, 6, UserStatus::parse)?,
            last_login: maybe_parse(t, row, 7)?,
            created_at: parse(t, row, 8)?,
            version: version(t, row, 9)?,
            conversation_count: unsigned(t, row, 10)?,
            assigned_conversation_count: unsigned(t, row, 11)?,
        })
    }

    fn key(&self) -> Key {
        Key(self.user_id.to_string().into(), "".into())
    }

    fn version(&self) -> Version {
        self.version
    }
}
