//! Plain tables for people: the first column to the left, numbers to the right.

use std::fmt::Write;

/// Lays out a table; each row has as many cells as there are names.
pub fn render(names: &[&str], rows: &[Vec<String>]) -> String {
    let width = |at: usize| {
        let cells = rows.iter().map(|row| row[at].chars().count());
        cells.chain([names[at].chars().count()]).max().unwrap_or(0)
    };
    let widths: Vec<_> = (0..names.len()).map(width).collect();
    let mut text = String::new();
    let mut line = |cells: &mut dyn Iterator<Item = &str>| {
        for (at, (cell, width)) in cells.zip(&widths).enumerate() {
            let gap = if at == 0 { "" } else { "  " };
            let written =
                if at == 0 { write!(text, "{gap}{cell:<width$}") } else { write!(text, "{gap}{cell:>width$}") };
            written.expect("writing to a string does not fail");
        }
        text.truncate(text.trim_end().len());
        text.push('\n');
    };
    line(&mut names.iter().copied());
    for row in rows {
        line(&mut row.iter().map(String::as_str));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_aligned() {
        let rows = [vec!["acme".into(), "7".into()], vec!["b".into(), "1000".into()]];
        assert_eq!(render(&["firm", "n"], &rows), "firm     n\nacme     7\nb     1000\n");
    }
}
