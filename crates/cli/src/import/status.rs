//! The words in which other systems say whether a matter goes on.

use engage_domain::conversation::Status;

const ACTIVE: [&str; 5] = ["active", "open", "in progress", "pending", "new"];
const COMPLETED: [&str; 4] = ["completed", "resolved", "done", "settled"];
const TERMINATED: [&str; 6] = ["terminated", "rejected", "declined", "withdrawn", "abandoned", "untimely response"];

/// The status that `word` stands for, whatever its case; none for a word that nobody explained. Any text that begins with
/// the word `closed` is completed, for systems add how (`Closed with explanation`).
pub(super) fn status(word: &str) -> Option<Status> {
    let word = word.trim().to_lowercase().replace(['_', '-'], " ");
    let closed = word.strip_prefix("closed").is_some_and(|how| !how.starts_with(char::is_alphanumeric));
    if ACTIVE.contains(&word.as_str()) {
        Some(Status::Active)
    } else if closed || COMPLETED.contains(&word.as_str()) {
        Some(Status::Completed)
    } else if TERMINATED.contains(&word.as_str()) {
        Some(Status::Terminated)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_other_systems_become_one_of_three() {
        let check = |words: &[&str], expected| {
            for word in words {
                assert_eq!(status(word), expected, "{word}");
            }
        };
        check(&["active", "Open", "IN PROGRESS", "in_progress", "pending", " new "], Some(Status::Active));
        check(
            &["Completed", "closed", "Closed with explanation", "Closed: no relief", "done"],
            Some(Status::Completed),
        );
        check(&["terminated", "Untimely response", "Withdrawn", "declined"], Some(Status::Terminated));
        check(&["", "closedown", "maybe", "active?"], None);
    }

    #[test]
    fn our_own_words_stand_for_themselves() {
        for own in Status::ALL {
            assert_eq!(status(own.as_str()), Some(own));
        }
    }
}
