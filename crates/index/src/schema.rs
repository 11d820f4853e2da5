//! The schema as single statements: D1 takes no script of several lines, and runs a batch of statements in one transaction.

use crate::{SCHEMA, Statement};

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
