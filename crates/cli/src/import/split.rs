//! A text that is longer than a message may be becomes several messages.

/// Cuts `text` into parts of at most `max` bytes, after white space where there is some in the part's second half, else
/// between characters. The parts together are the text, save that a part of nothing but white space is left out, for a message
/// cannot be blank. `max` is at least 4, a character's longest form.
pub(super) fn split(text: &str, max: usize) -> Vec<&str> {
    let mut parts = vec![];
    let mut rest = text;
    while rest.len() > max {
        let hard = rest.floor_char_boundary(max);
        let after_space = rest[..hard].char_indices().rev().find(|(_, c)| c.is_whitespace());
        let cut = after_space.map(|(at, c)| at + c.len_utf8()).filter(|cut| *cut > hard / 2).unwrap_or(hard);
        let (part, tail) = rest.split_at(cut);
        parts.push(part);
        rest = tail;
    }
    parts.push(rest);
    parts.retain(|part| !part.trim().is_empty());
    parts
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_long_text_is_cut_after_white_space() {
        assert_eq!(split("one two three", 8), ["one two ", "three"]);
        assert_eq!(split("short", 8), ["short"]);
        assert_eq!(split("abcdefghij", 4), ["abcd", "efgh", "ij"]);
        assert_eq!(split("äöüß", 5), ["äö", "üß"]);
        assert_eq!(split("a         b", 4), ["a   ", "  b"], "the blank part between is left out");
        assert_eq!(split("  ", 4), [""; 0]);
    }

    proptest! {
        #[test]
        fn nothing_but_blank_parts_is_lost(text in "(\\PC|[ \n]){0,200}", max in 4usize..40) {
            let parts = split(&text, max);
            let solid = |text: &str| text.chars().filter(|c| !c.is_whitespace()).collect::<String>();
            prop_assert_eq!(solid(&parts.concat()), solid(&text));
            prop_assert!(parts.iter().all(|part| part.len() <= max && !part.trim().is_empty()));
        }

        #[test]
        fn without_long_blank_runs_only_the_end_is_trimmed(text in "([a-zäß€]{1,9} ?){1,60}", max in 4usize..40) {
            let joined = split(&text, max).concat();
            prop_assert_eq!(joined.trim_end(), text.trim_end());
        }
    }
}
