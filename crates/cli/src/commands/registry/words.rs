//! What was found, in words for people.

use engage_domain::registry::{Aligned, Evidence, IdentifierSort, MatchType, Matched, PartyRole, Reason};

/// A role; none: nobody said.
pub(in crate::commands) fn role(role: Option<PartyRole>) -> &'static str {
    match role {
        Some(PartyRole::Client) => "client",
        Some(PartyRole::OpposingParty) => "opposing party",
        Some(PartyRole::RelatedEntity) => "related entity",
        Some(PartyRole::Matter) => "matter",
        None => "either side",
    }
}

/// How a party was matched.
pub(in crate::commands) const fn say_match(matched: &Matched) -> &'static str {
    match matched.match_type {
        MatchType::Exact => "the same name",
        MatchType::Alias => "another name of the same",
        MatchType::Phonetic => "sounds the same",
        MatchType::Fuzzy => "close",
    }
}

/// How likely it is the same party, 0 to 1: cut off behind two digits, so that nothing short of certainty reads 1.00.
pub(in crate::commands) fn say_confidence(confidence: f64) -> String {
    // 0.29 is a little less than that in binary.
    let hundredths = (confidence * 100.0 + 1e-6).floor();
    format!("{:.2}", hundredths / 100.0)
}

/// Why two parties are taken for one: which words were lined up and how, which are left over, what identifies both.
pub(in crate::commands) fn why(evidence: &Evidence) -> String {
    let Evidence { aligned, queried_only, found_only, identifiers } = evidence;
    let mut parts: Vec<String> = vec![];
    for Aligned { queried, found, reason } in aligned {
        let (queried, found) = (queried.as_str(), found.as_str());
        parts.push(match reason {
            Reason::Exact if queried == found => queried.to_owned(),
            reason => format!("{queried} = {found} ({})", say_reason(*reason)),
        });
    }
    let left_over = |whose: &str, words: &[engage_domain::text::Private]| {
        let words: Vec<_> = words.iter().map(|word| word.as_str()).collect();
        (!words.is_empty()).then(|| format!("{whose}: {}", words.join(" ")))
    };
    parts.extend(left_over("only in the list", queried_only));
    parts.extend(left_over("only in the registry", found_only));
    parts.extend(identifiers.iter().map(|sort| format!("the same {}", say_identifier(*sort))));
    parts.join("; ")
}

const fn say_reason(reason: Reason) -> &'static str {
    match reason {
        Reason::Exact => "the same letters",
        Reason::Synonym => "another way to write it",
        Reason::Nickname => "nickname",
        Reason::Initial => "initial",
        Reason::Spacing => "spaces elsewhere",
        Reason::Phonetic => "sounds the same",
        Reason::Consonants => "same consonants",
        Reason::Spelling => "a few letters differ",
    }
}

const fn say_identifier(sort: IdentifierSort) -> &'static str {
    match sort {
        IdentifierSort::Email => "e-mail address",
        IdentifierSort::Phone => "telephone number",
        IdentifierSort::RegistrationNumber => "registration number",
        IdentifierSort::DateOfBirth => "date of birth",
    }
}

/// A cell of a CSV file. What a spreadsheet would take for a formula gets an apostrophe before it, for a name is not ours to choose.
pub(in crate::commands) fn guarded(text: &str) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']) { format!("'{text}") } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn evidence_is_told_in_words() {
        let aligned =
            |queried: &str, found: &str, reason| Aligned { queried: queried.into(), found: found.into(), reason };
        let evidence = Evidence {
            aligned: vec![aligned("bob", "robert", Reason::Nickname), aligned("smith", "smith", Reason::Exact)],
            queried_only: vec!["jr".into()],
            found_only: vec!["james".into(), "iii".into()],
            identifiers: vec![IdentifierSort::Email],
        };
        let told = "bob = robert (nickname); smith; only in the list: jr; only in the registry: james iii; \
                    the same e-mail address";
        assert_eq!(why(&evidence), told);
        assert_eq!(why(&Evidence::default()), "");
    }

    #[test]
    fn only_certainty_is_called_certain() {
        assert_eq!([0.0, 0.29, 0.875, 0.998, 1.0].map(say_confidence), ["0.00", "0.29", "0.87", "0.99", "1.00"]);
    }

    #[test]
    fn a_cell_that_a_spreadsheet_would_take_for_a_formula_is_guarded() {
        assert_eq!(guarded("=1+1"), "'=1+1");
        assert_eq!(guarded("A = B"), "A = B");
    }
}
