//! Every error code that the API sends has a page that explains it, and no page explains a code that is gone.
//!
//! The codes are the string literals in each `fn code(…)` of the HTTP crate's problem module.

use std::collections::BTreeSet;

use super::File;

const SOURCE: &str = "crates/http/src/problem_codes.rs";
const PAGES: &str = "docs/errors/";
/// The folder's own introduction, not a code's page.
const INTRODUCTION: &str = "README";

/// Nothing to check until there is a problem module.
pub(super) fn check(files: &[File]) -> Vec<String> {
    let Some(source) = files.iter().find(|file| file.path == SOURCE) else {
        return Vec::new();
    };
    let codes = codes(&source.contents);
    if codes.is_empty() {
        return vec![format!("{SOURCE}: no `fn code(…)` with string literals, so the error pages cannot be checked")];
    }
    let pages: BTreeSet<_> = files
        .iter()
        .filter_map(|file| file.path.strip_prefix(PAGES)?.strip_suffix(".md"))
        .filter(|page| *page != INTRODUCTION)
        .collect();

    let missing = codes
        .iter()
        .filter(|code| !pages.contains(*code))
        .map(|code| format!("{SOURCE}: error code `{code}` has no page {PAGES}{code}.md"));
    let stale = pages.difference(&codes).map(|page| format!("{PAGES}{page}.md: no error has the code `{page}`"));
    missing.chain(stale).collect()
}

/// The string literals in the bodies of all functions called `code`.
fn codes(source: &str) -> BTreeSet<&str> {
    source.split("fn code(").skip(1).flat_map(literals_of_body).collect()
}

/// The string literals from the first `{` to the `}` that closes it; comments are skipped. Raw strings, and braces or quotes
/// as characters, are more than a list of codes needs.
fn literals_of_body(source: &str) -> Vec<&str> {
    let mut literals = Vec::new();
    let mut depth = 0_usize;
    let mut rest = source;
    while let Some(at) = rest.find(['{', '}', '"', '/']) {
        let (found, after) = (rest.as_bytes()[at], &rest[at + 1..]);
        rest = after;
        match found {
            b'{' => depth += 1,
            b'}' if depth <= 1 => break,
            b'}' => depth -= 1,
            b'/' if after.starts_with('/') => rest = after.split_once('\n').map_or("", |(_, next)| next),
            b'/' => {}
            _ => {
                let Some((literal, next)) = after.split_once('"') else { break };
                if depth > 0 {
                    literals.push(literal);
                }
                rest = next;
            }
        }
    }
    literals
}

#[cfg(test)]
mod tests {
    use super::{super::file, *};

    const PROBLEM: &str = r#"
        impl Problem {
            /// "not_a_code"
            fn code(&self) -> &'static str {
                match self {
                    // A "comment" with a { brace.
                    Self::Unknown { .. } => "not_found",
                    Self::Stale(version) => { "stale_version" }
                }
            }
            fn title(&self) -> &'static str { "Not found" }
        }
    "#;

    #[track_caller]
    fn check_pages(source: &str, pages: &[&str], expected: &[&str]) {
        let mut files = vec![file(SOURCE, source)];
        files.extend(pages.iter().map(|page| file(&format!("docs/errors/{page}.md"), "# text")));
        assert_eq!(check(&files), expected);
    }

    #[test]
    fn a_page_for_each_code_passes() {
        check_pages(PROBLEM, &["README", "not_found", "stale_version"], &[]);
    }

    #[test]
    fn a_code_without_a_page_is_found() {
        let expected = "crates/http/src/problem_codes.rs: error code `not_found` has no page docs/errors/not_found.md";
        check_pages(PROBLEM, &["stale_version"], &[expected]);
    }

    #[test]
    fn a_page_without_a_code_is_found() {
        let expected = "docs/errors/gone.md: no error has the code `gone`";
        check_pages(PROBLEM, &["gone", "not_found", "stale_version"], &[expected]);
    }

    #[test]
    fn a_problem_module_without_codes_is_found() {
        let expected =
            "crates/http/src/problem_codes.rs: no `fn code(…)` with string literals, so the error pages cannot be checked";
        check_pages("fn status(&self) -> u16 { 404 }", &["not_found"], &[expected]);
        check_pages("fn code(&self) -> &'static str { CODE }", &["not_found"], &[expected]);
    }

    #[test]
    fn without_a_problem_module_nothing_is_checked() {
        assert_eq!(check(&[file("docs/errors/not_found.md", "# text")]), Vec::<String>::new());
    }
}
