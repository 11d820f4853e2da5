//! All that the suite knows of how its targets keep their data: where a firm's index is, and two of its tables. Used to plant faults while the
//! target is stopped, and for nothing else.

use std::path::{Path, PathBuf};

use rusqlite::{Connection, params};

use crate::control::Faults;

/// Faults by SQL on `firms/<slug>/index.db` of a data folder.
pub struct Native;

/// Faults by SQL on the file in which workerd keeps a firm's D1 database.
pub struct Workerd;

/// What a fault is planted with.
trait Files {
    /// The file of a firm's index.
    fn index(&self, data: &Path, firm: &str) -> PathBuf;

    /// Takes away what is in it.
    fn empty(&self, file: &Path);
}

impl Files for Native {
    fn index(&self, data: &Path, firm: &str) -> PathBuf {
        data.join("firms").join(firm).join("index.db")
    }

    fn empty(&self, file: &Path) {
        for end in ["", "-wal", "-shm"] {
            let mut path = file.as_os_str().to_owned();
            path.push(end);
            if Path::new(&path).exists() {
                std::fs::remove_file(path).unwrap();
            }
        }
    }
}

impl Files for Workerd {
    /// Files are called after hashes, so it is the one that holds the firm's entries.
    fn index(&self, data: &Path, firm: &str) -> PathBuf {
        let files = std::fs::read_dir(data.join("indexes/miniflare-D1DatabaseObject")).unwrap();
        let holds = |file: &PathBuf| {
            let rows = "SELECT count(*) FROM audit_log_index WHERE firmId = ?1";
            let found = open(file).query_row(rows, params![firm], |row| row.get::<_, i64>(0));
            found.is_ok_and(|found| found > 0)
        };
        let mut files =
            files.map(|file| file.unwrap().path()).filter(|file| file.extension().is_some_and(|end| end == "sqlite"));
        files.find(holds).unwrap_or_else(|| panic!("no file holds the index of {firm}"))
    }

    /// As a database that was made anew: the file is the runtime's.
    fn empty(&self, file: &Path) {
        let index = open(file);
        let text = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%' AND name NOT LIKE '\\_cf%' ESCAPE '\\'
                    ORDER BY sql NOT LIKE 'CREATE VIRTUAL%'";
        let mut names = index.prepare(text).unwrap();
        let tables: Vec<_> = names.query_map([], |row| row.get::<_, String>(0)).unwrap().map(Result::unwrap).collect();
        drop(names);
        for table in tables {
            index.execute(&format!("DROP TABLE IF EXISTS \"{table}\""), params![]).unwrap();
        }
    }
}

fn open(file: &Path) -> Connection {
    assert!(file.exists(), "no index at {}", file.display());
    #[expect(clippy::disallowed_methods, reason = "an index is spoiled from outside, as a fault would")]
    Connection::open(file).unwrap()
}

fn change(file: &Path, statement: &str, key: &[&str]) {
    let index = open(file);
    match key {
        [] => index.execute(statement, params![]).unwrap(),
        [key, ..] => {
            let changed = index.execute(statement, params![key]).unwrap();
            assert_eq!(changed, 1, "{statement} {key}");
            changed
        }
    };
}

impl<T: Files + Sync> Faults for T {
    fn lose_row(&self, data: &Path, firm: &str, conversation: &str) {
        change(&self.index(data, firm), "DELETE FROM conversation_index WHERE sessionId = ?1", &[conversation]);
    }

    fn drift_row(&self, data: &Path, firm: &str, conversation: &str) {
        let statement = "UPDATE conversation_index SET clientName = 'Nobody' WHERE sessionId = ?1";
        change(&self.index(data, firm), statement, &[conversation]);
    }

    fn lose_index(&self, data: &Path, firm: &str) {
        self.empty(&self.index(data, firm));
    }

    fn refuse(&self, data: &Path, firm: &str, refuse: bool) {
        let statement = if refuse {
            "CREATE TRIGGER refusal BEFORE INSERT ON conversation_index BEGIN SELECT RAISE(ABORT, 'refused'); END"
        } else {
            "DROP TRIGGER refusal"
        };
        change(&self.index(data, firm), statement, &[]);
    }
}
