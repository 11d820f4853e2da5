//! A journal that is carried elsewhere is the same journal there.

use std::collections::BTreeSet;

use engage_domain::{
    Actor, Conversation, Firm, PartyId, Timestamp,
    conversation::{Command, ConflictStatus},
    firm,
    registry::{Outcome, Party, PartyRole, Side},
    token::TokenHash,
};
use engage_journal::{
    Activation, Error, Ground, Hit, Screens, Sql, registry, store,
    transfer::{self, AnswerLine, Import, Line},
};

use crate::{
    desk::{Desk, START_MS, by, conversation, message, named, user_id},
    sqlite::Sqlite,
};

/// A firm with a claim, a long conversation, one that was erased, one that waits for an alarm, and an answer that may be asked for again.
fn desk() -> Desk {
    let mut desk = Desk::new();
    desk.create_firm();
    let claim = firm::Command::ClaimEmail { email: "ann@acme.test".into(), user: user_id(1) };
    let key = desk.firm_key();
    desk.call::<Firm>(&key, &by(Actor::SYSTEM, claim));
    for n in 1..=3 {
        desk.now += 1;
        desk.start(n);
    }
    for _ in 0..150 {
        desk.tell(1, message("word"));
    }
    desk.tell(2, message("secret"));
    desk.tell(2, Command::Delete);
    desk.tell(2, Command::Erase { deleted_before: Timestamp::from_millis(i64::MAX) });
    desk.tell(3, Command::RotateResumeToken { hash: TokenHash::of("token"), ttl_ms: 1000 });
    desk.call::<Conversation>(&conversation(3), &named("k-1", 1, by(Actor::SYSTEM, message("once"))));
    desk
}

fn lines(desk: &mut Desk) -> Vec<Line> {
    let (mut lines, firm) = (vec![], desk.firm());
    let entries = transfer::export(&mut desk.sql, &firm, Timestamp::from_millis(START_MS), &mut |line| {
        // As text, as it is carried.
        let text = serde_json::to_string(line).unwrap();
        lines.push(serde_json::from_str(&text).unwrap());
        Ok(())
    });
    assert_eq!(entries.unwrap() as usize + 3, lines.len());
    lines
}

fn import(firm: &str, lines: impl IntoIterator<Item = Line>) -> Result<Desk, Error> {
    let mut sql = Sqlite::in_memory();
    store::migrate(&mut sql, Timestamp::from_millis(START_MS))?;
    sql.script("BEGIN")?;
    let mut import = Import::begin(&mut sql, firm.parse().unwrap())?;
    for line in lines {
        import.take(&mut sql, None, line)?;
    }
    import.finish(&mut sql)?;
    sql.script("COMMIT")?;
    Ok(Desk::over(sql, firm))
}

#[test]
fn what_arrives_is_what_was_sent_and_goes_on() {
    let mut here = desk();
    let mut there = import("acme", lines(&mut here)).unwrap();
    let (walked, sent) = (there.walk(), here.walk());
    assert_eq!((walked.errors.len(), walked.digest, walked.entries), (0, sent.digest, sent.entries));
    // All but the snapshots, which a host writes when it sees fit.
    let rows = |desk: &Desk| -> Vec<String> {
        let mut rows: Vec<_> = desk.sql.dump().into_iter().filter(|row| !row.starts_with("snapshot")).collect();
        rows.sort();
        rows
    };
    assert_eq!(rows(&there), rows(&here));
    for n in 1..=3 {
        let of = |desk: &mut Desk| desk.load::<Conversation>(&conversation(n)).unwrap().state;
        assert_eq!(of(&mut there), of(&mut here));
    }
    // A repeated command is known there, and the chains go on.
    let again = there.call::<Conversation>(&conversation(3), &named("k-1", 1, by(Actor::SYSTEM, message("once"))));
    assert!(crate::desk::done(again).replayed);
    there.tell(1, message("more"));
    there.verified();
}

#[test]
fn a_line_that_was_changed_dropped_or_moved_is_refused() {
    let sent = lines(&mut desk());
    let refused = |lines: Vec<Line>, why: &str| {
        let error = import("acme", lines).err().unwrap_or_else(|| panic!("accepted: {why}")).to_string();
        assert!(error.contains(why), "{error}, not {why}");
    };
    let with = |at: usize, change: &dyn Fn(&mut transfer::EntryLine)| {
        let mut lines = sent.clone();
        let Line::Entry(entry) = &mut lines[at] else { panic!("{:?}", lines[at]) };
        change(entry);
        lines
    };
    refused(with(6, &|entry| entry.action = "another".into()), "its hash is another");
    refused(with(6, &|entry| entry.payload = Some("{}".into())), "its payload is not the one that was hashed");
    refused(with(6, &|entry| entry.version.0 += 1), "its version does not follow");
    refused(with(6, &|entry| entry.prev_hash.0[0] ^= 1), "it does not follow the entry before it");
    refused(with(6, &|entry| entry.kind = "matter".into()), "kind is none that is known");
    let without =
        |at: usize| sent.iter().enumerate().filter(|(number, _)| *number != at).map(|(_, line)| line.clone()).collect();
    refused(without(20), "its version does not follow");
    refused(without(sent.len() - 1), "the end is missing");
    // The last entry of an object leaves no gap; the number of all does.
    let last = sent.iter().rposition(|line| matches!(line, Line::Entry(_))).unwrap();
    refused(without(last), "entries came");
    let mut swapped = sent.clone();
    swapped.swap(3, 4);
    refused(swapped, "is before that of the entry before it");
    let mut doubled = sent.clone();
    doubled.push(sent[0].clone());
    refused(doubled, "something follows the end");
    let newer = Line::Journal { format: 99, firm: "acme".parse().unwrap(), exported_at: Timestamp::from_millis(0) };
    refused(vec![newer], "this version reads form 2");
    assert!(import("zenith", sent).is_err_and(|error| error.to_string().contains("it is the journal of acme")));
}

/// The names of a registry that holds nobody.
struct Nobody;

impl Screens for Nobody {
    fn rules(&self) -> u32 {
        1
    }

    fn search(&mut self, _: &mut dyn Sql, _: &Party, _: Side, _: &BTreeSet<i64>) -> Result<Vec<Hit>, Error> {
        Ok(vec![])
    }

    fn keep(&mut self, _: &mut dyn Sql, _: i64, _: &Party, _: Side) -> Result<(), Error> {
        Ok(())
    }
}

#[test]
fn what_a_conversation_was_not_told_yet_is_posted_again() {
    let mut here = desk();
    assert_eq!(registry::next_letter(&mut import("acme", lines(&mut here)).unwrap().sql).unwrap(), None);
    // The firm's event is there; its letter is not delivered yet.
    let id = conversation(1).name.parse().unwrap();
    let party = Party { conversation: Some(id), ..Party::named(PartyRole::Client, "Jane Roe") };
    let party_id = PartyId::of(&here.firm(), party.conversation, "client", "Jane Roe");
    let register = by(Actor::SYSTEM, firm::Command::Register { id: party_id, party: Box::new(party) });
    let mut state = here.load::<Firm>(&here.firm_key()).unwrap();
    let mut ground = Ground { now: Timestamp::from_millis(here.now), random: &mut || 0, screens: Some(&mut Nobody) };
    crate::desk::done(here.journal.turn(&mut here.sql, &mut state, &register, &mut ground).unwrap());
    state.flush(&mut here.sql).unwrap();
    let outcome = Outcome { conversation: id, status: ConflictStatus::Clear, freezes: false };
    let sent = lines(&mut here);
    let mut there = import("acme", sent).unwrap();
    let letters = registry::letters_due(&mut there.sql, Timestamp::from_millis(i64::MAX / 2), 10).unwrap();
    assert_eq!(letters.iter().map(|letter| letter.outcome).collect::<Vec<_>>(), [outcome]);
    let told = letters[0].command();
    there.tell(1, told);
    let state = Activation::<Conversation>::load(&mut there.sql, conversation(1)).unwrap().state;
    assert_eq!(state.screened, Some(letters[0].version));
}

#[test]
fn an_answer_reads_as_it_is_written() {
    let line = lines(&mut desk()).into_iter().find(|line| matches!(line, Line::Answer(_))).unwrap();
    let Line::Answer(AnswerLine { id, reply, .. }) = &line else { panic!("{line:?}") };
    assert!(!id.is_empty() && reply.contains("recorded"));
}
