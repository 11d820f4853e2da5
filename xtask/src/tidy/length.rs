//! A source file holds one concept and stays short enough to be read in one sitting.

use super::File;

/// Longest file that needs no exemption. The aim is 400; this is where the discussion starts.
const LINES_MAX: usize = 500;

/// Files that may be longer, each with its reason. The list may only shrink.
pub(super) const EXEMPT: &[(&str, &str)] = &[];

/// Findings in the code and SQL of the crates' `src` folders; an exemption that nothing needs any more is one too.
pub(super) fn check(files: &[File], exempt: &[(&str, &str)]) -> Vec<String> {
    let long: Vec<_> = files
        .iter()
        .filter(|file| is_source(&file.path))
        .map(|file| (file.path.as_str(), file.contents.lines().count()))
        .filter(|(_, lines)| *lines > LINES_MAX)
        .collect();

    let unexpected = long
        .iter()
        .filter(|(path, _)| !exempt.iter().any(|(exempt, _)| exempt == path))
        .map(|(path, lines)| format!("{path}: {lines} lines, more than {LINES_MAX}: split it by concept"));
    let needless =
        exempt.iter().filter(|(exempt, _)| !long.iter().any(|(path, _)| path == exempt)).map(|(exempt, _)| {
            format!("{exempt}: no longer over {LINES_MAX} lines: take it off EXEMPT in xtask/src/tidy/length.rs")
        });
    unexpected.chain(needless).collect()
}

fn is_source(path: &str) -> bool {
    path.starts_with("crates/") && path.contains("/src/") && (path.ends_with(".rs") || path.ends_with(".sql"))
}

#[cfg(test)]
mod tests {
    use super::{super::file, *};

    #[track_caller]
    fn check_lines(path: &str, lines: usize, exempt: &[(&str, &str)], expected: &[&str]) {
        assert_eq!(check(&[file(path, "x\n".repeat(lines))], exempt), expected);
    }

    const DEEP: &str = "crates/app/src/intake/start.rs";

    #[test]
    fn a_file_over_the_limit_is_found() {
        check_lines(DEEP, 500, &[], &[]);
        check_lines(DEEP, 501, &[], &["crates/app/src/intake/start.rs: 501 lines, more than 500: split it by concept"]);
    }

    #[test]
    fn an_exempt_file_may_be_longer() {
        check_lines(DEEP, 501, &[(DEEP, "a table")], &[]);
    }

    #[test]
    fn an_exemption_that_nothing_needs_is_found() {
        let expected = "crates/app/src/intake/start.rs: no longer over 500 lines: \
                        take it off EXEMPT in xtask/src/tidy/length.rs";
        check_lines(DEEP, 500, &[(DEEP, "a table")], &[expected]);
        check_lines("crates/app/src/other.rs", 1, &[(DEEP, "a table")], &[expected]);
    }

    #[test]
    fn what_is_not_hand_written_source_is_left_alone() {
        check_lines("crates/http/src/snapshots/openapi.snap", 5000, &[], &[]);
        check_lines("crates/http/tests/api.rs", 5000, &[], &[]);
        check_lines("Cargo.lock", 5000, &[], &[]);
    }
}
