//! The list of a firm's users.

use engage_domain::{FirmId, Role, UserId, text::Private, user::UserStatus};
use engage_journal::{self as journal, Row};

use crate::{
    IndexRow, Query, Statement, Table, UserRow,
    page::{Direction, Limit, cut},
    rows,
    statement::Draft,
};

/// One page of a firm's users, in the order of their ids.
#[derive(Clone, Debug)]
pub struct UserList {
    /// The firm.
    pub firm: FirmId,
    /// In this role alone.
    pub role: Option<Role>,
    /// With this status alone.
    pub status: Option<UserStatus>,
    /// Behind which user the page begins; none: at the first. The id is the cursor.
    pub after: Option<UserId>,
    /// Most rows of the page.
    pub limit: Limit,
}

impl UserList {
    /// Makes a page of the query's answer, with the id behind which the next page begins if there is one.
    pub fn page(&self, rows: Vec<UserRow>) -> (Vec<UserRow>, Option<UserId>) {
        let (rows, more) = cut(rows, self.limit);
        let next = rows.last().filter(|_| more).map(|last| last.user_id);
        (rows, next)
    }
}

impl Query for UserList {
    type Row = UserRow;

    /// One row more than the page has; [`UserList::page`] takes it off. Each of the indexes ends in `userId`, the table's key.
    fn statement(&self) -> Statement {
        let table = match (self.role, self.status) {
            (Some(_), _) => "user_index INDEXED BY idx_firm_role",
            (None, Some(_)) => "user_index INDEXED BY idx_firm_user_status",
            (None, None) => "user_index",
        };
        let sql = format!("SELECT {} FROM {table} WHERE firmId = ?1", rows::select(Table::User));
        let mut draft = Draft::of_firm(sql, &self.firm);
        draft.compare("role", "=", self.role.map(Role::as_str));
        draft.compare("status", "=", self.status.map(UserStatus::as_str));
        draft.compare("userId", ">", self.after);
        draft.page(&["userId"], Direction::Asc, self.limit)
    }

    fn decode(row: &dyn Row) -> Result<UserRow, journal::Error> {
        UserRow::decode(row)
    }
}

/// The names of some users, of those that have one.
#[derive(Clone, Debug)]
pub struct Names {
    /// The firm.
    pub firm: FirmId,
    /// Whose.
    pub users: Vec<UserId>,
}

impl Query for Names {
    type Row = (UserId, Private);

    /// The ids come as one value, however many they are: D1 binds no more than 100.
    fn statement(&self) -> Statement {
        let ids = serde_json::to_string(&self.users).expect("ids always serialise");
        let sql = "SELECT userId, name FROM json_each(?2) JOIN user_index ON firmId = ?1 AND userId = value WHERE name IS NOT NULL";
        Statement::new(sql, vec![(&self.firm).into(), ids.as_str().into()])
    }

    fn decode(row: &dyn Row) -> Result<(UserId, Private), journal::Error> {
        let text = row.text(0)?;
        let user = text.parse().map_err(|_| journal::Error::Corrupt(format!("{text:?} is no user's id")))?;
        Ok((user, Private::new(row.text(1)?)))
    }
}

/// The user registered under an e-mail address, which is lower case; no row where there is none.
#[derive(Clone, Debug)]
pub struct UserByEmail {
    /// The firm.
    pub firm: FirmId,
    /// The address.
    pub email: Private,
}

impl Query for UserByEmail {
    type Row = UserRow;

    fn statement(&self) -> Statement {
        let columns = rows::select(Table::User);
        let sql = format!(
            "SELECT {columns} FROM user_index INDEXED BY idx_firm_email WHERE firmId = ?1 AND email = ?2
             ORDER BY userId LIMIT 1"
        );
        Statement::new(sql, vec![(&self.firm).into(), self.email.as_str().into()])
    }

    fn decode(row: &dyn Row) -> Result<UserRow, journal::Error> {
        UserRow::decode(row)
    }
}

/// One user's row; no row where the index has none.
#[derive(Clone, Debug)]
pub struct UserById {
    /// The firm.
    pub firm: FirmId,
    /// The user.
    pub user: UserId,
}

impl Query for UserById {
    type Row = UserRow;

    fn statement(&self) -> Statement {
        let sql = format!("SELECT {} FROM user_index WHERE firmId = ?1 AND userId = ?2", rows::select(Table::User));
        Statement::new(sql, vec![(&self.firm).into(), self.user.into()])
    }

    fn decode(row: &dyn Row) -> Result<UserRow, journal::Error> {
        UserRow::decode(row)
    }
}
