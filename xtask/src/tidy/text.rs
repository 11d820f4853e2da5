//! Nothing that was only meant for one machine, or for later, is left in a file.

use super::File;

/// What may not stand in any file. Written in two parts, so that this file is checked like all others.
const BANNED: &[(&str, &str, Start)] = &[
    (concat!("/wo", "rk/"), "a path of one machine", Start::Root),
    (concat!("/ro", "ot/"), "a path of one machine", Start::Root),
    (concat!("/tmp/", "target"), "a path of one machine", Start::Root),
    (concat!("TO", "DO"), "a note for later: file an issue", Start::Word),
    (concat!("FIX", "ME"), "a note for later: file an issue", Start::Word),
    (concat!("to", "do!("), "code that is not there yet", Start::Word),
];

/// Where a banned text has to begin and end to count.
#[derive(Clone, Copy)]
enum Start {
    /// At the root of a file system, not inside a longer path, a URL's path or a variable.
    Root,
    /// As a word of its own.
    Word,
}

impl Start {
    fn counts(self, before: Option<char>, after: Option<char>) -> bool {
        let in_word = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
        match self {
            Self::Root => !in_word(before) && !matches!(before, Some('.' | '-' | '}' | ')' | '~')),
            Self::Word => !in_word(before) && !in_word(after),
        }
    }
}

/// One finding for each place.
pub(super) fn check(files: &[File]) -> Vec<String> {
    let mut findings = Vec::new();
    for file in files {
        for (number, line) in (1..).zip(file.contents.lines()) {
            for (banned, why, start) in BANNED {
                if occurs(line, banned, *start) {
                    findings.push(format!("{}:{number}: `{banned}` is {why}", file.path));
                }
            }
        }
    }
    findings
}

fn occurs(line: &str, banned: &str, start: Start) -> bool {
    line.match_indices(banned).any(|(at, found)| {
        let before = line[..at].chars().next_back();
        // A text that ends in a bracket brings its own end.
        let after = line[at + found.len()..].chars().next().filter(|_| !found.ends_with('('));
        start.counts(before, after)
    })
}

#[cfg(test)]
mod tests {
    use super::{super::file, *};

    #[track_caller]
    fn finds(banned: &str, before: &str, after: &str) {
        let line = format!("{before}{banned}{after}");
        let findings = check(&[file("docs/a.md", format!("first\n{line}\nlast\n"))]);
        assert!(findings.len() == 1 && findings[0].starts_with("docs/a.md:2: "), "{line}: {findings:?}");
    }

    #[track_caller]
    fn passes(line: String) {
        assert_eq!(check(&[file("docs/a.md", line)]), Vec::<String>::new());
    }

    #[test]
    fn each_banned_text_is_found() {
        for (banned, _, start) in BANNED {
            finds(banned, "", "");
            finds(banned, "see `", " here");
            match start {
                Start::Root => {
                    finds(banned, "'", "main'");
                    finds(banned, "file://", "main");
                }
                Start::Word => finds(banned, "// ", ": later"),
            }
        }
    }

    #[test]
    fn a_longer_path_or_word_passes() {
        passes(format!("https://example.com{}page", BANNED[0].0));
        passes(format!("..{}page", BANNED[0].0));
        passes(format!("${{HOME}}{}page", BANNED[0].0));
        passes(format!("MY_{}", BANNED[3].0));
        passes(format!("{}S", BANNED[3].0));
        passes(format!("not_{}", BANNED[5].0));
        passes("the work, the root and a todo list".to_owned());
    }
}
