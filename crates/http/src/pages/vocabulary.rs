//! The audit trail's words, in plain English. What is stored stays as it is; who reads the trail need not know it.

use super::kit;

/// What is done, by the word that is stored, in the order in which people look for it.
pub(super) const ACTIONS: &[(&str, &str)] = &[
    ("access_conversation", "Conversation opened"),
    ("access_messages", "Older messages read"),
    ("access_stream", "Conversation followed live"),
    ("access_resume", "Resumed by the client's link"),
    ("access_search", "Conversations searched"),
    ("access_conflict", "Conflict opened"),
    ("access_party", "Party looked at"),
    ("access_user", "User looked at"),
    ("access_settings", "Settings looked at"),
    ("access_denied", "Access refused"),
    ("data_exported", "Taken away as a file"),
    ("conversation_created", "Conversation begun"),
    ("message_added", "Message written"),
    ("identity_updated", "Client's particulars changed"),
    ("conversation_classified", "Practice area set"),
    ("goal_added", "Goal set"),
    ("goal_completed", "Goal reached"),
    ("attorney_assigned", "Assigned"),
    ("attorney_reassigned", "Taken from who was responsible"),
    ("assignment_completed", "Assignment done"),
    ("phase_changed", "Moved to another phase"),
    ("conversation_secured", "Client signed in"),
    ("conversation_closed", "Conversation closed"),
    ("conversation_reopened", "Conversation taken up again"),
    ("conversation_deleted", "Conversation deleted"),
    ("conversation_restored", "Conversation restored"),
    ("conversation_erased", "Conversation erased"),
    ("legal_hold_set", "Legal hold set"),
    ("legal_hold_released", "Legal hold lifted"),
    ("resume_token_issued", "Link to come back given out"),
    ("resume_token_expired", "Link to come back ended"),
    ("conflict_decided", "Conflict check decided"),
    ("conflicts_screened", "Screened for conflicts"),
    ("conflict_checked", "Name checked"),
    ("conflict_detected", "Conflict found"),
    ("conflict_reviewed", "Conflict reviewed"),
    ("conflict_resolved", "Conflict resolved"),
    ("conflict_reopened", "Conflict reopened"),
    ("party_registered", "Party registered"),
    ("party_changed", "Party changed"),
    ("user_signed_in", "Signed in"),
    ("sessions_revoked", "Sessions ended"),
    ("user_registered", "User registered"),
    ("user_renamed", "User renamed"),
    ("role_changed", "Role changed"),
    ("user_status_changed", "User admitted or shut out"),
    ("email_claimed", "E-mail address claimed"),
    ("settings_changed", "Settings changed"),
    ("practice_area_added", "Practice area added"),
    ("view_saved", "View saved"),
    ("view_removed", "View removed"),
    ("firm_created", "Firm created"),
    ("firm_suspended", "Firm suspended"),
    ("firm_reinstated", "Firm reinstated"),
    ("chains_verified", "Chains verified"),
    ("journal_exported", "Journal taken away"),
    ("sync_failure_replayed", "Delivery tried again"),
];

/// What it is done to, by the word that is stored.
pub(super) const KINDS: &[(&str, &str)] = &[
    ("conversation", "Conversation"),
    ("user", "User"),
    ("party", "Party"),
    ("conflict", "Conflict"),
    ("conflict_check", "Check of a name"),
    ("saved_view", "Saved view"),
    ("firm_settings", "Firm and settings"),
    ("firm", "Firm's reports"),
    ("sync_failure", "Failed delivery"),
];

/// A name for each of the words that are stored.
type Vocabulary = [(&'static str, &'static str)];

/// What a stored word is called, if it is known.
pub(super) fn known(vocabulary: &Vocabulary, word: &str) -> Option<&'static str> {
    vocabulary.iter().find(|(stored, _)| *stored == word).map(|(_, name)| *name)
}

/// What a stored word is called.
pub(super) fn called(vocabulary: &Vocabulary, word: &str) -> String {
    known(vocabulary, word).map_or_else(|| kit::words(word), str::to_owned)
}

/// What a kind of thing is called, or one thing: `user/01ARZ3NDEKTSV4RRFFQ69G5FAV`.
pub(super) fn thing(word: &str) -> Option<String> {
    match word.split_once('/') {
        Some((kind, id)) => Some(format!("{} {id}", called(KINDS, kind))),
        None => known(KINDS, word).map(str::to_owned),
    }
}

/// The words to choose from, and `chosen` as it is where it is none of them.
pub(super) fn choices(vocabulary: &'static Vocabulary, chosen: &str) -> impl Iterator<Item = (String, String)> {
    let other = (!chosen.is_empty() && known(vocabulary, chosen).is_none())
        .then(|| (chosen.to_owned(), thing(chosen).unwrap_or_else(|| chosen.to_owned())));
    vocabulary.iter().map(|(stored, name)| ((*stored).to_owned(), (*name).to_owned())).chain(other)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use engage_domain::{conversation, firm, user};
    use serde::de::DeserializeOwned;

    use super::*;

    /// The tags of an enum, as its reader tells them to whoever comes with another one.
    fn tags<T: DeserializeOwned>() -> Vec<String> {
        let refused = serde_json::from_str::<T>(r#"{"nonsense":{}}"#).map(drop).unwrap_err().to_string();
        let tags: Vec<_> = refused.split('`').skip(3).step_by(2).map(str::to_owned).collect();
        assert!(tags.len() > 3, "{refused}");
        tags
    }

    #[test]
    fn every_event_has_a_name_of_its_own() {
        let events = [tags::<conversation::Event>(), tags::<firm::Event>(), tags::<user::Event>()];
        for word in events.iter().flatten() {
            assert!(known(ACTIONS, word).is_some(), "{word} has no name");
        }
        for vocabulary in [ACTIONS, KINDS] {
            let names: HashSet<_> = vocabulary.iter().map(|(_, name)| name).collect();
            assert_eq!(names.len(), vocabulary.len(), "two words have one name");
        }
    }

    #[test]
    fn what_is_not_known_can_be_chosen_all_the_same() {
        let chosen = |vocabulary, word| choices(vocabulary, word).last().unwrap().1;
        assert_eq!(choices(ACTIONS, "user_renamed").count(), ACTIONS.len());
        assert_eq!(chosen(ACTIONS, "teleported"), "teleported");
        assert_eq!(chosen(KINDS, "user/01ARZ3NDEKTSV4RRFFQ69G5FAV"), "User 01ARZ3NDEKTSV4RRFFQ69G5FAV");
    }
}
