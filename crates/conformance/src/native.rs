//! All that the suite knows of how a native target keeps its data: the folder's layout and two tables of an index. Used to plant faults
//! while the target is stopped, and for nothing else.

use std::path::Path;

use rusqlite::{Connection, params};

use crate::control::Faults;

/// Faults by SQL on `firms/<slug>/index.db` of a data folder.
pub struct Native;

fn change(data: &Path, firm: &str, statement: &str, key: &[&str]) {
    let file = data.join("firms").join(firm).join("index.db");
    assert!(file.exists(), "no index at {}", file.display());
    #[expect(clippy::disallowed_methods, reason = "an index is spoiled from outside, as a fault would")]
    let index = Connection::open(file).unwrap();
    match key {
        [] => index.execute(statement, params![]).unwrap(),
        [key, ..] => {
            let changed = index.execute(statement, params![key]).unwrap();
            assert_eq!(changed, 1, "{statement} {key}");
            changed
        }
    };
}

impl Faults for Native {
    fn lose_row(&self, data: &Path, firm: &str, conversation: &str) {
        change(data, firm, "DELETE FROM conversation_index WHERE sessionId = ?1", &[conversation]);
    }

    fn drift_row(&self, data: &Path, firm: &str, conversation: &str) {
        let statement = "UPDATE conversation_index SET clientName = 'Nobody' WHERE sessionId = ?1";
        change(data, firm, statement, &[conversation]);
    }

    fn refuse(&self, data: &Path, firm: &str, refuse: bool) {
        let statement = if refuse {
            "CREATE TRIGGER refusal BEFORE INSERT ON conversation_index BEGIN SELECT RAISE(ABORT, 'refused'); END"
        } else {
            "DROP TRIGGER refusal"
        };
        change(data, firm, statement, &[]);
    }
}
