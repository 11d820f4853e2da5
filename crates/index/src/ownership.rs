//! Rows by the objects that they come from: how an index is compared where each object is somewhere else, and looks after its own rows.

use engage_domain::{FirmId, Kind};
use engage_journal::{self as journal, ObjectKey, Row};

use crate::{
    Param, Query, Statement, Table,
    scan::{Key, Print, Walk, page_behind, select_print},
};

/// Most keys in one [`PrintsOf`]: a statement binds at most 100 values.
pub const KEYS_MAX: usize = 90;

/// The stored rows of some keys, by the first part of their keys: of an assignment all those of its conversation.
#[derive(Clone, Debug)]
pub struct PrintsOf {
    /// The table.
    pub table: Table,
    /// The firm.
    pub firm: FirmId,
    /// The first parts of the keys, at most [`KEYS_MAX`].
    pub keys: Vec<Box<str>>,
}

impl Query for PrintsOf {
    type Row = Print;

    fn statement(&self) -> Statement {
        let places: Vec<_> = (0..self.keys.len()).map(|at| format!("?{}", at + 2)).collect();
        let sql = format!("{} AND {} IN ({})", select_print(self.table), self.table.key()[0], places.join(", "));
        let keys = self.keys.iter().map(|key| Param::text(key.clone()));
        Statement::new(sql, std::iter::once(Param::from(&self.firm)).chain(keys).collect())
    }

    fn decode(row: &dyn Row) -> Result<Print, journal::Error> {
        Walk::decode(row)
    }
}

/// A row and the object that it should come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owned {
    /// The row's key.
    pub key: Key,
    /// The object. Of an audit row the one that it names, which may be another than the firm's own that recorded it; of a resource that is no
    /// object the firm's.
    pub object: ObjectKey,
}

/// The rows of a table with their objects, in key order, at most `limit` of those behind `after`.
#[derive(Clone, Debug)]
pub struct Owners {
    /// The table.
    pub table: Table,
    /// The firm.
    pub firm: FirmId,
    /// The key behind which to begin; none: at the first row.
    pub after: Option<Key>,
    /// Most rows to read at once.
    pub limit: u32,
}

impl Query for Owners {
    type Row = Owned;

    fn statement(&self) -> Statement {
        let (name, key) = (self.table.name(), self.table.key());
        let second = key.get(1).unwrap_or(&"''");
        let (kind, object) = match self.table {
            Table::Conversation | Table::Assignment | Table::Passage => ("'conversation'", "sessionId"),
            Table::User => ("'user'", "userId"),
            Table::Audit => ("resourceType", "coalesce(resourceId, firmId)"),
            Table::Conflict => ("'firm'", "firmId"),
        };
        let sql = format!("SELECT {}, {second}, {kind}, {object}, firmId FROM {name} WHERE firmId = ?1", key[0]);
        page_behind(self.table, sql, &self.firm, self.after.as_ref(), self.limit)
    }

    fn decode(row: &dyn Row) -> Result<Owned, journal::Error> {
        let object = match Kind::parse(row.text(2)?) {
            Some(kind @ (Kind::Conversation | Kind::User)) => ObjectKey { kind, name: row.text(3)?.into() },
            Some(Kind::Firm) | None => ObjectKey { kind: Kind::Firm, name: row.text(4)?.into() },
        };
        Ok(Owned { key: Key(row.text(0)?.into(), row.text(1)?.into()), object })
    }
}
