//! The schema as single statements: D1 takes no script of several lines, and runs a batch of statements in one transaction.

use engage_journal::{self as journal, Row};

use crate::{Query, SCHEMA, Statement};

/// The statements of [`SCHEMA`], in order. They land together or not at all when they are run as one batch.
pub fn statements() -> Vec<Statement> {
    let mut statements = vec![];
    let mut open = String::new();
    for line in SCHEMA.lines() {
        let code = line.split_once("--").map_or(line, |(code, _)| code).trim_end();
        if code.trim().is_empty() {
            continue;
        }
        open.push_str(code);
        open.push('\n');
        // Within a trigger statements end, too; the trigger itself ends with END alone.
        let ends = if open.starts_with("CREATE TRIGGER") { code == "END;" } else { code.ends_with(';') };
        if ends {
            let text = std::mem::take(&mut open);
            statements.push(Statement::new(text.trim_end_matches([';', '\n']).to_owned(), vec![]));
        }
    }
    debug_assert!(open.is_empty(), "the schema ends with a whole statement");
    statements
}

/// A table that a database holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    /// Its name.
    pub name: String,
    /// Whether it is a virtual table, which takes the tables behind it away with itself.
    pub is_virtual: bool,
}

/// Whether an index of this version has a table of that name, or one that a virtual table of it keeps for itself.
pub fn is_of_an_index(name: &str) -> bool {
    statements().iter().any(|statement| {
        let mut words = statement.sql.split([' ', '(', '\n']).filter(|word| !matches!(*word, "CREATE" | "VIRTUAL"));
        let table = (words.next() == Some("TABLE")).then(|| words.next()).flatten();
        let is_virtual = statement.sql.starts_with("CREATE VIRTUAL");
        let behind = |table| name.strip_prefix(table).is_some_and(|rest| is_virtual && rest.starts_with('_'));
        table.is_some_and(|table| name == table || behind(table))
    })
}

/// The tables of a database, but for those that SQLite and D1 keep for themselves.
#[derive(Clone, Copy, Debug)]
pub struct Tables;

impl Query for Tables {
    type Row = Held;

    fn statement(&self) -> Statement {
        let sql = "SELECT name, sql LIKE 'CREATE VIRTUAL %' AS isVirtual FROM sqlite_master
WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND name NOT LIKE '\\_cf\\_%' ESCAPE '\\' AND name <> 'd1_migrations'
ORDER BY name";
        Statement::new(sql, vec![])
    }

    fn decode(row: &dyn Row) -> Result<Held, journal::Error> {
        Ok(Held { name: row.text(0)?.into(), is_virtual: row.integer(1)? != 0 })
    }
}

/// A script that takes every table of an index away and makes those of this version, empty. An index of another version is not converted:
/// whoever follows the objects fills the new one, and what is in it comes from them alone.
pub fn anew(held: &[Held]) -> String {
    let (virtuals, tables): (Vec<_>, Vec<_>) = held.iter().partition(|table| table.is_virtual);
    let mut script = String::new();
    for table in virtuals.into_iter().chain(tables) {
        script += &format!("DROP TABLE IF EXISTS \"{}\";\n", table.name.replace('"', "\"\""));
    }
    for statement in statements() {
        script += &statement.sql;
        script += ";\n";
    }
    script
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_statement_of_the_schema_is_there_and_none_holds_another() {
        let statements = statements();
        let begins = |word: &str| SCHEMA.lines().filter(|line| line.starts_with(word)).count();
        assert_eq!(statements.len(), begins("CREATE ") + begins("INSERT "));
        for statement in &statements {
            let first = statement.sql.starts_with("CREATE ") || statement.sql.starts_with("INSERT ");
            assert!(first && !statement.sql.contains("--"), "{}", statement.sql);
            assert_eq!(statement.sql.matches("CREATE ").count(), usize::from(statement.sql.starts_with("CREATE ")));
        }
    }
}
