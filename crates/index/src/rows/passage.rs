//! `passage_index`.

use std::sync::LazyLock;

use engage_domain::{ConversationId, EntryId, FirmId, Version, text::Private};
use engage_journal::{self as journal, Row};

use super::{IndexRow, parse, private, text_of, version};
use crate::{Param, Statement, Table, scan::Key};

/// What one entry brought that can be searched for. Written once, never replaced; taken out when the conversation is erased.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PassageRow {
    /// The firm.
    pub firm_id: FirmId,
    /// The entry.
    pub passage_id: EntryId,
    /// The conversation.
    pub session_id: ConversationId,
    /// The client's name, as it became known then.
    pub client_name: Option<Private>,
    /// The client's e-mail address.
    pub client_email: Option<Private>,
    /// What the client says of their situation.
    pub situation: Option<Private>,
    /// What was said.
    pub message: Option<Private>,
    /// The conversation's version after the entry.
    pub version: Version,
}

impl PassageRow {
    /// Writes some rows at once, each as [`IndexRow::to_statement`] would. One statement, for the full-text index writes a segment of
    /// its own for each statement that reaches it through a trigger; one parameter, for they may be thousands.
    ///
    /// [`journal::Error::Corrupt`] where a row cannot be written as JSON, which no text can cause.
    pub fn batch_statement(rows: &[Self]) -> Result<Statement, journal::Error> {
        static TEXT: LazyLock<String> = LazyLock::new(|| {
            let columns = Table::Passage.columns();
            let picked = (0..columns.len()).map(|at| format!("value ->> {at}")).collect::<Vec<_>>().join(", ");
            format!(
                "INSERT INTO passage_index ({}) SELECT {picked} FROM json_each(?1) WHERE true
                   ON CONFLICT (firmId, passageId) DO NOTHING",
                columns.join(", ")
            )
        });
        let values = rows.iter().map(|row| {
            let Self { firm_id, passage_id, session_id, client_name, client_email, situation, message, version } = row;
            (firm_id, passage_id, session_id, client_name, client_email, situation, message, version)
        });
        let json = serde_json::to_string(&values.collect::<Vec<_>>())
            .map_err(|error| journal::Error::Corrupt(format!("passages as JSON: {error}")))?;
        Ok(Statement::new(&**TEXT, vec![Param::text(json)]))
    }
}

impl IndexRow for PassageRow {
    const TABLE: Table = Table::Passage;

    fn params(&self) -> Vec<Param> {
        vec![
            (&self.firm_id).into(),
            self.passage_id.into(),
            self.session_id.into(),
            text_of(&self.client_name),
            text_of(&self.client_email),
            text_of(&self.situation),
            text_of(&self.message),
            self.version.into(),
        ]
    }

    fn decode(row: &dyn Row) -> Result<Self, journal::Error> {
        let t = Self::TABLE;
        Ok(Self {
            firm_id: parse(t, row, 0)?,
            passage_id: parse(t, row, 1)?,
            session_id: parse(t, row, 2)?,
            client_name: private(row, 3)?,
            client_email: private(row, 4)?,
            situation: private(row, 5)?,
            message: private(row, 6)?,
            version: version(t, row, 7)?,
        })
    }

    fn key(&self) -> Key {
        Key(self.passage_id.to_string().into(), "".into())
    }

    fn version(&self) -> Version {
        self.version
    }
}
