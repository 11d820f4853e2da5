//! Search, against a slow and plain answer over the same passages.

use std::collections::{BTreeMap, BTreeSet};

use engage_domain::{ConversationId, EntryId, FirmId, Version, text::Private};
use engage_index::{
    ConversationRow, IndexRow, Limit, PassageRow,
    search::{Field, Find, Found, PASSAGES_MAX, Search, SearchPlace, Words, erase},
};
use engage_journal::Sql;
use proptest::{collection::vec, option, prelude::*, sample::select};
use ulid::Ulid;

use crate::{
    db::Db,
    sample::{conversation, firm, session, user},
};

fn passage(n: u64, of: ConversationId) -> PassageRow {
    PassageRow {
        firm_id: firm(),
        passage_id: EntryId::from_ulid(Ulid::from_parts(1_800_000_000_000 + n, 7)),
        session_id: of,
        client_name: None,
        client_email: None,
        situation: None,
        message: None,
        version: Version(n + 1),
    }
}

fn said(n: u64, of: u64, message: &str) -> PassageRow {
    PassageRow { message: Some(message.into()), ..passage(n, session(of)) }
}

fn named(n: u64, of: u64, name: &str) -> PassageRow {
    PassageRow { client_name: Some(name.into()), ..passage(n, session(of)) }
}

fn db(conversations: &[ConversationRow], passages: &[PassageRow]) -> Db {
    let mut db = Db::new();
    conversations.iter().for_each(|row| assert_eq!(db.run(&row.to_statement()), 1));
    passages.iter().for_each(|row| assert_eq!(db.run(&row.to_statement()), 1));
    // The entries that they came from.
    db.script(
        "INSERT INTO audit_log_index (firmId, auditId, action, resourceType, resourceId, timestamp, outcome, details, seq, version)
           SELECT firmId, passageId, 'message_added', 'conversation', sessionId, 't', 'success', '{}', id, version FROM passage_index",
    )
    .unwrap();
    db
}

fn question(words: &str) -> Search {
    Search { firm: firm(), words: Words::parse(words).unwrap(), owner: None, after: None, limit: Limit::default() }
}

fn found(db: &mut Db, search: &Search) -> Vec<ConversationId> {
    search.page(db.all(search)).0.iter().map(|found| found.row.session_id).collect()
}

fn numbers(db: &mut Db, words: &str) -> Vec<u64> {
    let found = found(db, &question(words));
    found.iter().map(|id| (0..100).find(|n| session(*n) == *id).unwrap()).collect()
}

/// The words of a text, as a person sees them: runs of letters and digits, without case and accents.
fn tokens(text: &str) -> Vec<String> {
    let plain = |c: char| match c {
        'é' | 'É' => 'e',
        'ñ' => 'n',
        c => c.to_ascii_lowercase(),
    };
    let words = text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    words.map(|word| word.chars().map(plain).collect()).collect()
}

fn holds(row: &PassageRow, word: &str) -> bool {
    let (text, is_prefix) = word.strip_suffix('*').map_or((word, false), |text| (text, true));
    let wanted = tokens(text);
    let fields = [&row.client_name, &row.client_email, &row.situation, &row.message];
    fields.into_iter().flatten().any(|text| {
        tokens(text.as_str()).windows(wanted.len()).any(|window| {
            let (last, others) = window.split_last().unwrap();
            let (wanted_last, wanted_others) = wanted.split_last().unwrap();
            others == wanted_others && if is_prefix { last.starts_with(wanted_last) } else { last == wanted_last }
        })
    })
}

const WORDS: [&str; 8] = ["rent", "late", "José", "jose", "O'Brien", "evict", "eviction", "a@b.example"];
const ASKED: [&str; 9] = ["rent", "LATE", "jose", "evict", "evict*", "o'brien", "late rent", "a@b.example", "nobody"];

fn text() -> impl Strategy<Value = Private> {
    vec(select(&WORDS[..]), 1..4).prop_map(|words| words.join(" ").as_str().into())
}

prop_compose! {
    fn passage_row()(
        of in 0u64..6,
        (client_name, client_email) in (option::weighted(0.3, text()), option::weighted(0.2, text())),
        (situation, message) in (option::weighted(0.2, text()), option::weighted(0.7, text())),
    ) -> PassageRow {
        PassageRow { client_name, client_email, situation, message, ..passage(0, session(of)) }
    }
}

proptest! {
    #[test]
    fn a_conversation_is_found_when_every_word_is_in_one_of_its_passages(
        mut passages in vec(passage_row(), 0..20),
        conversations in vec((option::of(0u64..2), prop::bool::weighted(0.2)), 6),
        asked in vec(select(&ASKED[..]), 1..4),
        owner in option::of(0u64..2),
        erased in option::of(0u64..6),
        limit in 1u32..4,
    ) {
        for (n, row) in passages.iter_mut().enumerate() {
            let PassageRow { passage_id, version, .. } = passage(n as u64, row.session_id);
            (row.passage_id, row.version) = (passage_id, version);
        }
        let rows: Vec<_> = conversations.iter().enumerate().map(|(n, (owner, is_deleted))| {
            ConversationRow { user_id: owner.map(user), is_deleted: *is_deleted, ..conversation(n as u64) }
        }).collect();
        let mut db = db(&rows, &passages);
        if let Some(erased) = erased.map(session) {
            db.run(&erase(&firm(), erased));
            passages.retain(|row| row.session_id != erased);
        }
        let words: Vec<_> = asked.iter().map(|word| if word.contains(' ') { format!("\"{word}\"") } else { (*word).to_owned() }).collect();
        let owner = owner.map(user);
        let expected: BTreeSet<_> = rows.iter()
            .filter(|row| !row.is_deleted && owner.is_none_or(|owner| row.user_id == Some(owner)))
            .map(|row| row.session_id)
            .filter(|id| asked.iter().all(|word| passages.iter().any(|row| row.session_id == *id && holds(row, word))))
            .collect();

        let mut search = Search { owner, limit: Limit::new(limit).unwrap(), ..question(&words.join(" ")) };
        let mut all: Vec<Found> = vec![];
        loop {
            let (page, next) = search.page(db.all(&search));
            prop_assert!(page.len() <= limit as usize);
            let finds = db.all(&search.finds(&page));
            check_finds(&page, &finds, &asked, &passages)?;
            all.extend(page);
            let Some(next) = next else { break };
            search.after = Some(next.to_string().parse::<SearchPlace>().unwrap());
        }
        prop_assert_eq!(all.len(), expected.len());
        prop_assert_eq!(all.iter().map(|found| found.row.session_id).collect::<BTreeSet<_>>(), expected);
        prop_assert!(all.is_sorted_by(|a, b| (a.rank, a.row.session_id) < (b.rank, b.row.session_id)), "{all:?}");
        prop_assert_eq!(db.all(&search.is_cut()), [false]);
        // The words and the passages still say the same.
        db.script("INSERT INTO passage_text (passage_text, rank) VALUES ('integrity-check', 1)").unwrap();
    }
}

/// Every find is a passage that holds a word, and shows it; every word of every conversation is shown.
fn check_finds(page: &[Found], finds: &[Find], asked: &[&str], passages: &[PassageRow]) -> Result<(), TestCaseError> {
    let mut shown: BTreeMap<ConversationId, BTreeSet<&str>> = BTreeMap::new();
    for find in finds {
        let row = passages.iter().find(|row| row.passage_id == find.passage_id).unwrap();
        prop_assert_eq!((row.session_id, row.version), (find.session_id, find.version));
        prop_assert!(!find.fields.is_empty());
        for (field, excerpt) in &find.fields {
            let text: String = excerpt.0.iter().map(|fragment| fragment.text.as_str()).collect();
            let whole = match field {
                Field::ClientName => &row.client_name,
                Field::ClientEmail => &row.client_email,
                Field::Situation => &row.situation,
                Field::Message => &row.message,
            };
            prop_assert_eq!(text.as_str(), whole.as_ref().unwrap().as_str());
        }
        shown.entry(find.session_id).or_default().extend(asked.iter().filter(|word| holds(row, word)));
    }
    for found in page {
        prop_assert_eq!(shown.get(&found.row.session_id), Some(&asked.iter().copied().collect()));
    }
    Ok(())
}

#[test]
fn a_name_counts_more_than_what_was_said() {
    let conversations: Vec<_> = (0..9).map(conversation).collect();
    let text = Some(Private::from("rose b example"));
    let mut passages = vec![
        said(0, 0, "rose b example"),
        PassageRow { client_email: text.clone(), ..passage(1, session(1)) },
        PassageRow { situation: text.clone(), ..passage(2, session(2)) },
        PassageRow { client_name: text, ..passage(3, session(3)) },
    ];
    // A word that everybody says counts for nothing, wherever it stands.
    passages.extend((4..9).map(|n| said(n, n, "thank you very much")));
    let mut db = db(&conversations, &passages);
    assert_eq!(numbers(&mut db, "rose"), [3, 1, 2, 0]);
}

#[test]
fn what_was_found_is_set_apart_in_what_stands_around_it() {
    let long = format!("{}my landlord wants to evict me{}", "well ".repeat(100), " please".repeat(100));
    let mut db = db(&[conversation(1)], &[named(0, 1, "José O'Brien"), said(1, 1, &long)]);
    let search = question("jose evict");
    let (page, next) = search.page(db.all(&search));
    assert_eq!((page.len(), next), (1, None));
    let finds = db.all(&search.finds(&page));
    let shown: Vec<_> = finds.iter().flat_map(|find| &find.fields).collect();
    let [(Field::ClientName, name), (Field::Message, message)] = &shown[..] else { panic!("{shown:?}") };
    let pieces = |excerpt: &engage_index::search::Excerpt| -> Vec<(String, bool)> {
        excerpt.0.iter().map(|fragment| (fragment.text.clone(), fragment.found)).collect()
    };
    assert_eq!(pieces(name), [("José".to_owned(), true), (" O'Brien".to_owned(), false)]);
    let message = pieces(message);
    assert_eq!(message.iter().find(|(_, found)| *found), Some(&("evict".to_owned(), true)));
    let length: usize = message.iter().map(|(text, _)| text.len()).sum();
    assert!(message[0].0.starts_with('…') && length < 300, "{message:?}");
}

#[test]
fn what_fts5_takes_for_operators_are_words_like_any_other() {
    let mut db = db(&[conversation(1), conversation(2)], &[said(0, 1, "not near (x) AND y"), said(1, 2, "x y")]);
    assert_eq!(numbers(&mut db, "NOT"), [1]);
    assert_eq!(numbers(&mut db, "x AND y"), [1]);
    assert_eq!(numbers(&mut db, "(x) ^y").len(), 2);
    assert_eq!(numbers(&mut db, "message:x"), [0u64; 0]);
    assert_eq!(numbers(&mut db, "\"x y"), [2]);
}

#[test]
fn of_a_word_that_too_many_passages_hold_the_newest_are_looked_at() {
    let mut db = db(&[conversation(1), conversation(2)], &[said(0, 1, "rare common")]);
    let insert = format!(
        "INSERT INTO passage_index (firmId, passageId, sessionId, message, version)
           WITH RECURSIVE n (value) AS (SELECT 1 UNION ALL SELECT value + 1 FROM n WHERE value < {PASSAGES_MAX})
           SELECT 'acme', 'p' || value, '{}', 'common', 1 FROM n",
        session(2)
    );
    db.script(&insert).unwrap();
    assert_eq!(numbers(&mut db, "common"), [2]);
    assert_eq!(numbers(&mut db, "rare"), [1]);
    assert_eq!(db.all(&question("common").is_cut()), [true]);
    assert_eq!(db.all(&question("rare").is_cut()), [false]);
}

#[test]
fn one_firm_finds_nothing_of_another() {
    let other: FirmId = "other".parse().unwrap();
    let mut db = db(&[conversation(1)], &[said(0, 1, "rent")]);
    let search = Search { firm: other, ..question("rent") };
    assert_eq!(found(&mut db, &search), [] as [ConversationId; 0]);
}
