//! The stored form of every event is frozen: what was written once is read for ever.
//!
//! `tests/golden/<kind>/v<schema>/<action>.json` holds an event as the journal stores it, an example a line;
//! `tests/golden/<kind>/details/<action>.json` what the audit trail keeps of the same examples, which every hash covers. Files
//! of schemas before today's stay: what they hold must still decode.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Debug,
    fs,
    path::{Path, PathBuf},
};

use engage_domain::{Aggregate, Conversation, EntryId, Firm, Kind, Outcome, User, Version};
use engage_journal::{Hash, activation::decode_event, entry::Envelope};

use crate::samples;

fn folder(kind: Kind) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(kind.as_str())
}

/// Compares a golden file with `lines`. `UPDATE_GOLDEN=1` writes a file that is missing, never one that is there.
#[track_caller]
fn compare(path: &Path, lines: &[String]) {
    let text: String = lines.iter().flat_map(|line| [line, "\n"]).collect();
    match fs::read_to_string(path) {
        Ok(golden) => assert_eq!(
            text,
            golden,
            "{} is another now. Journals hold the old form: raise the schema version and upcast. Only for a form that was \
             never released, delete the file and run the test with UPDATE_GOLDEN=1",
            path.display()
        ),
        Err(_) if std::env::var_os("UPDATE_GOLDEN").is_some() => {
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        Err(error) => panic!("{}: {error}; run the test with UPDATE_GOLDEN=1 to make it", path.display()),
    }
}

/// The tags that the event's JSON can have: serde names them all when it meets one that it does not know.
fn tags<A: Aggregate>() -> BTreeSet<String> {
    let error = serde_json::from_str::<A::Event>(r#"{"?":{}}"#).unwrap_err().to_string();
    let (_, tags) = error.split_once("expected one of ").unwrap();
    tags.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

fn names(folder: &Path) -> BTreeSet<String> {
    let files = fs::read_dir(folder).into_iter().flatten();
    files.map(|file| file.unwrap().path().file_stem().unwrap().to_string_lossy().into_owned()).collect()
}

#[track_caller]
fn check<A: Aggregate>(events: &[A::Event])
where
    A::Event: PartialEq + Debug,
{
    let folder = folder(A::KIND);
    let today = folder.join(format!("v{}", A::EVENT_SCHEMA));
    let mut stored: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    let mut details: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for event in events {
        let text = serde_json::to_string(event).unwrap();
        let action = A::action(event);
        assert!(text.starts_with(&format!(r#"{{"{action}":{{"#)), "{text} is not tagged {action}");
        assert_eq!(decode_event::<A>(i64::from(A::EVENT_SCHEMA), &text).unwrap(), *event);
        // By name, whatever the order in which this build of serde_json keeps them.
        let detail: BTreeMap<String, serde_json::Value> = serde_json::from_value(A::details(event)).unwrap();
        stored.entry(action).or_default().push(text);
        details.entry(action).or_default().push(serde_json::to_string(&detail).unwrap());
    }
    for (action, lines) in &stored {
        compare(&today.join(action).with_extension("json"), lines);
        compare(&folder.join("details").join(action).with_extension("json"), &details[action]);
    }
    let sampled: BTreeSet<String> = stored.into_keys().map(str::to_owned).collect();
    assert_eq!(sampled, tags::<A>(), "each event of {:?} has a sample in samples.rs", A::KIND);
    assert_eq!(names(&today), sampled, "each file in {} is an event of today", today.display());
    assert_eq!(names(&folder.join("details")), sampled);
    still_decodes::<A>(&folder);
}

/// Every golden file of every schema, down to the first.
fn still_decodes<A: Aggregate>(folder: &Path) {
    for schema in 1..=A::EVENT_SCHEMA {
        let files: Vec<_> = fs::read_dir(folder.join(format!("v{schema}"))).unwrap().collect();
        assert!(!files.is_empty(), "{} has no events of schema {schema}", folder.display());
        for file in files {
            let path = file.unwrap().path();
            for line in fs::read_to_string(&path).unwrap().lines() {
                if let Err(error) = decode_event::<A>(i64::from(schema), line) {
                    panic!("{}: {error}: {line}", path.display());
                }
            }
        }
    }
}

#[test]
fn stored_conversation_events_are_frozen() {
    check::<Conversation>(&samples::conversation());
}

#[test]
fn stored_user_events_are_frozen() {
    check::<User>(&samples::user());
}

#[test]
fn stored_firm_events_are_frozen() {
    check::<Firm>(&samples::firm());
}

/// The two values were computed from the description of [`Envelope::hash`] in another language, not by this code.
#[test]
fn the_hash_of_an_entry_is_frozen() {
    let firm = "acme".parse().unwrap();
    let event = Envelope {
        firm: &firm,
        kind: Kind::Conversation,
        object: "00000000000000000000000001",
        version: Version(2),
        id: EntryId::from_ulid(ulid::Ulid(3)),
        at: "2026-11-23T01:02:03.004Z",
        actor: r#"{"role":"system"}"#,
        action: "message_added",
        outcome: Outcome::Success,
        details: r#"{"bytes":5,"role":"user"}"#,
        schema: Some(1),
        command_id: Some("key"),
    };
    let hash = event.hash(&Hash::ZERO, &Hash::of_payload(Some(r#"{"message_added":{}}"#)));
    assert_eq!(format!("{hash:?}"), "05e762d35f5e179018931e1db9bc268e811dfbed6a359156b4576e36f7df58e1");
    let access = Envelope {
        kind: Kind::Firm,
        object: "acme",
        version: Version::NONE,
        action: "access_denied",
        outcome: Outcome::Blocked,
        details: "{}",
        schema: None,
        command_id: None,
        ..event
    };
    let hash = access.hash(&Hash([1; 32]), &Hash::of_payload(None));
    assert_eq!(format!("{hash:?}"), "183212cec18f888dae3e1a4edc5543c0a6389420ac40ff1ce356145a0d967600");
}

#[test]
fn details_hold_nothing_that_a_client_said() {
    let said = ["Jane", "roe.test", "555", "divorce", "Two lines", "Main St", "Spanish", "CASE-1", "Hello", "you"];
    for event in samples::conversation() {
        let details = Conversation::details(&event).to_string();
        for words in said {
            assert!(!details.contains(words), "{words:?} in {details}");
        }
    }
    for event in samples::user() {
        let details = User::details(&event).to_string();
        assert!(!details.contains("Ann") && !details.contains("ann@") && !details.contains("auth0"), "{details}");
    }
}
