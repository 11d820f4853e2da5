//! A firm's journal on a file, callers, and the order in which their steps come about, drawn by lot.
//!
//! A step is one turn within the transaction that is open, as in a batch of the shard; a commit, which answers all of its callers; a
//! batch that failed; a crash, after which nothing is left but the file. Letters are read while no transaction is open and delivered as
//! turns of their own, with anybody's turns in between. A caller tells conversations what it was answered; who gets no answer asks again or
//! goes away.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    fmt, mem,
    ops::{AddAssign, ControlFlow},
    path::{Path, PathBuf},
};

use engage_app::screening::MemoryScreens;
use engage_domain::{
    Actor, Aggregate, ConflictId, Conversation, ConversationId, Firm, FirmId, Kind, PartyId, Timestamp, Version,
    conversation::{Command, ConflictStatus},
    firm::{self, Event, SettingsChange},
    registry::{Outcome, Party, Resolution, Side, Verdict},
};
use engage_journal::{
    Activation, Answer, Call, CommandId, Error, Ground, Hit, Intent, Journal, ObjectKey, Screens, Sql, Turn,
    activation::decode_event,
    read,
    registry::{self, Letter},
    store, verify,
};
use engage_native::sqlite::Db;
use tempfile::TempDir;

use super::{
    model::Model,
    pairs::{Dice, Half, Planned, pair},
};
use crate::rig::{START_MS, conversation, firm};

mod look;
mod terms;

pub(crate) use self::look::replayed;
use self::terms::{Caller, Done, Names, Step, Wrong, sure};
pub(crate) use self::terms::{Fault, Tally};

pub(crate) struct World {
    dice: Dice,
    fault: Option<Fault>,
    folder: TempDir,
    firm: FirmId,
    db: Db,
    journal: Journal,
    open: bool,
    now: i64,
    host: Option<Activation<Firm>>,
    hosted: BTreeMap<ConversationId, Activation<Conversation>>,
    /// Conversations with a turn in the open transaction.
    touched: BTreeSet<ConversationId>,
    host_touched: bool,
    names: Option<Names>,
    /// Letters that were read and are yet to be delivered.
    post: VecDeque<Letter>,
    asked: Vec<(usize, Done)>,
    callers: Vec<Caller>,
    pairs: Vec<[Half; 2]>,
    model: Model,
    tally: Tally,
}

impl World {
    pub(crate) fn new(seed: u64, pairs: u64, fault: Option<Fault>) -> Self {
        let mut dice = Dice::new(seed);
        let folder = tempfile::tempdir().unwrap();
        let firm = firm("acme");
        let db = open(folder.path().join("journal.db"));
        let offset = dice.below(1_000);
        let mut world_pairs = vec![];
        let mut callers = vec![];
        for number in 0..pairs {
            let conversations = [conversation(2 * number), conversation(2 * number + 1)];
            let halves = pair(&firm, offset + number, conversations, &mut dice);
            for half in &halves {
                // A double click: the same, asked twice.
                let times = if dice.one_in(6) { 2 } else { 1 };
                for time in 0..times {
                    let mut steps = VecDeque::from([Step::Start(half.conversation)]);
                    for (at, planned) in half.named.iter().enumerate() {
                        let id = format!("{}/{time}/{at}", half.conversation).into();
                        let key = dice.one_in(2).then_some(CommandId { id, fingerprint: [at as u8; 32] });
                        steps.push_back(Step::Name(Box::new(planned.clone()), key));
                    }
                    callers.push(Caller { steps, ..Caller::default() });
                }
            }
            if dice.one_in(3) {
                let [one, other] = &halves;
                let conflict = ConflictId::between(one.adverse().id, other.adverse().id);
                let resolution = if dice.one_in(2) { Resolution::NoConflict } else { Resolution::CannotRepresent };
                let mut steps = VecDeque::from([Step::Resolve(conflict, resolution)]);
                if dice.one_in(3) {
                    steps.push_back(Step::Reopen(conflict));
                }
                callers.push(Caller { steps, ..Caller::default() });
            }
            world_pairs.push(halves);
        }
        let (db, journal) = open_journal(db, &firm);
        Self {
            dice,
            fault,
            folder,
            firm,
            db,
            journal,
            open: false,
            now: START_MS,
            host: None,
            hosted: BTreeMap::new(),
            touched: BTreeSet::new(),
            host_touched: false,
            names: None,
            post: VecDeque::new(),
            asked: vec![],
            callers,
            pairs: world_pairs,
            model: Model::default(),
            tally: Tally::default(),
        }
    }

    /// Lives to the end and looks at what is left.
    pub(crate) fn run(mut self) -> Result<Tally, Wrong> {
        self.begin()?;
        let create = firm::Command::Create { name: "Acme LLP".into(), settings: Box::<SettingsChange>::default() };
        self.ask_firm(create, None)?;
        self.commit()?;
        while self.callers.iter().any(|caller| !caller.steps.is_empty()) {
            self.now += self.dice.below(2_000) as i64;
            match self.dice.below(100) {
                0..60 => self.call()?,
                60..80 => self.deliver()?,
                80..94 => self.commit()?,
                94..96 => self.fail()?,
                96..98 => self.crash()?,
                _ => self.forget(),
            }
        }
        self.commit()?;
        self.crash()?;
        // Nobody asks any more. Letters that could not be delivered for a while are due again.
        self.now += 3_600_000;
        while registry::next_letter(&mut self.db)?.is_some() {
            while self.post.is_empty() {
                self.deliver()?;
            }
            while !self.post.is_empty() {
                self.deliver()?;
            }
            self.commit()?;
            self.now += 3_600_000;
        }
        self.look()?;
        Ok(self.tally)
    }

    fn begin(&mut self) -> Result<(), Wrong> {
        if !self.open {
            self.db.begin()?;
            self.open = true;
        }
        Ok(())
    }

    /// A caller does its next step.
    fn call(&mut self) -> Result<(), Wrong> {
        let number = self.dice.below(self.callers.len() as u64) as usize;
        if self.callers[number].waits || self.callers[number].steps.is_empty() {
            return Ok(());
        }
        let next = self.callers[number].steps[0].clone();
        let tell = self.callers[number].tells.front().copied();
        if let (Step::Resolve(id, _) | Step::Reopen(id), None) = (&next, tell)
            && !self.model.conflicts.contains_key(id)
        {
            // There is nothing to resolve yet, and perhaps there never will be.
            if self.dice.one_in(12) {
                self.callers[number].steps.clear();
            }
            return Ok(());
        }
        self.begin()?;
        let done = match (tell, next) {
            (Some((outcome, registry)), _) => {
                let Outcome { conversation, status, freezes } = outcome;
                self.ask(conversation, Command::RecordScreening { status, registry, freezes })?;
                Done::Told
            }
            (None, Step::Start(id)) => {
                self.start(id)?;
                Done::Started(id)
            }
            (None, Step::Name(planned, key)) => {
                let command = firm::Command::Register { id: planned.id, party: Box::new(planned.party.clone()) };
                let answer = self.ask_firm(command, key)?;
                let tells = tells(&answer);
                if answer.replayed { Done::Replayed(tells) } else { Done::Named(planned, answer.events, tells) }
            }
            (None, Step::Resolve(id, resolution)) => {
                let verdict = Verdict { resolution, reason: "They agreed.".into(), artefact: None, declined: None };
                let answer =
                    self.ask_firm(firm::Command::Resolve { id, seen: None, verdict: Box::new(verdict) }, None)?;
                Done::Moved(answer.events.clone(), tells(&answer))
            }
            (None, Step::Reopen(id)) => {
                let reason = "There is more.".into();
                let answer = self.ask_firm(firm::Command::Reopen { id, seen: None, reason }, None)?;
                Done::Moved(answer.events.clone(), tells(&answer))
            }
        };
        self.callers[number].waits = true;
        self.asked.push((number, done));
        Ok(())
    }

    /// Begins a conversation unless it was begun.
    fn start(&mut self, id: ConversationId) -> Result<(), Wrong> {
        let mut activation = self.activation(id)?;
        if !activation.exists() {
            let call = Call::new(Actor::SYSTEM, Intent::Command(Command::Start(Box::default())));
            let turn = self.turn(&mut activation, &call)?;
            sure(matches!(turn, Turn::Done(_)), || format!("a conversation was not begun: {turn:?}"))?;
        }
        self.hosted.insert(id, activation);
        Ok(())
    }

    fn activation(&mut self, id: ConversationId) -> Result<Activation<Conversation>, Wrong> {
        self.touched.insert(id);
        match self.hosted.remove(&id) {
            Some(activation) => Ok(activation),
            None => Ok(Activation::load(&mut self.db, ObjectKey::of::<Conversation>(&id))?),
        }
    }

    /// A turn of a conversation that must be done.
    fn ask(&mut self, id: ConversationId, command: Command) -> Result<(), Wrong> {
        let mut activation = self.activation(id)?;
        let turn = self.turn(&mut activation, &Call::new(Actor::SYSTEM, Intent::Command(command)))?;
        self.hosted.insert(id, activation);
        sure(matches!(turn, Turn::Done(_)), || format!("conversation {id} did not take it in: {turn:?}"))
    }

    /// A turn of the firm that must be done.
    fn ask_firm(&mut self, command: firm::Command, key: Option<CommandId>) -> Result<Answer<Firm>, Wrong> {
        let mut host = match self.host.take() {
            Some(host) => host,
            None => Activation::load(&mut self.db, ObjectKey::of::<Firm>(&self.firm))?,
        };
        self.host_touched = true;
        if Firm::inquiry(&command).is_some() && self.names.is_none() {
            let lags = self.fault == Some(Fault::ScreenedTooEarly);
            self.names = Some(Names { screens: MemoryScreens::load(&mut self.db)?, lags, waiting: vec![] });
        }
        let call = Call { command_id: key, ..Call::new(Actor::SYSTEM, Intent::Command(command)) };
        let turn = self.turn(&mut host, &call)?;
        self.host = Some(host);
        match self.fault {
            Some(Fault::NoLetters) => self.db.script("DELETE FROM letter")?,
            Some(Fault::ConflictTwice) => self.db.script(
                "INSERT OR IGNORE INTO conflict (id, conversation, other, open, declined, version, seq, record)
                 SELECT '0' || substr(id, 2), conversation, other, open, declined, version, seq, record FROM conflict",
            )?,
            _ => {}
        }
        match turn {
            Turn::Done(answer) => Ok(answer),
            other => Err(Wrong(format!("the firm did not do it: {other:?}"))),
        }
    }

    fn turn<A: Aggregate>(
        &mut self,
        activation: &mut Activation<A>,
        call: &Call<A::Command>,
    ) -> Result<Turn<A>, Error> {
        let dice = &mut self.dice;
        let mut random = || u128::from(dice.next()) << 64 | u128::from(dice.next());
        let screens = self.names.as_mut().map(|names| names as &mut dyn Screens);
        let mut ground = Ground { now: Timestamp::from_millis(self.now), random: &mut random, screens };
        self.journal.turn(&mut self.db, activation, call, &mut ground)
    }

    /// Reads the letters that are due, or delivers one of those that were read.
    fn deliver(&mut self) -> Result<(), Wrong> {
        let Some(letter) = self.post.pop_front() else {
            if !self.open {
                let limit = 1 + self.dice.below(8) as i64;
                self.post.extend(registry::letters_due(&mut self.db, Timestamp::from_millis(self.now), limit)?);
            }
            return Ok(());
        };
        self.begin()?;
        if self.dice.one_in(8) {
            // As of a conversation that cannot be read just now.
            let due = Timestamp::from_millis(self.now + 60_000);
            return Ok(registry::postpone(&mut self.db, letter.id, due)?);
        }
        let command = match (self.fault, letter.command()) {
            (Some(Fault::OldLetterWins), Command::RecordScreening { status, freezes, .. }) => {
                let latest = Version(1_000_000 + self.journal.last_seq() as u64);
                Command::RecordScreening { status, freezes, registry: latest }
            }
            (_, command) => command,
        };
        if self.fault != Some(Fault::LetterLost) {
            self.ask(letter.outcome.conversation, command)?;
        }
        self.tally.letters += 1;
        Ok(registry::delivered(&mut self.db, letter.id)?)
    }

    /// Everybody in the transaction gets an answer.
    fn commit(&mut self) -> Result<(), Wrong> {
        if !self.open {
            return Ok(());
        }
        if self.fault == Some(Fault::AnsweredTooEarly) && self.dice.one_in(40) {
            self.answer()?;
            return self.crash();
        }
        if mem::take(&mut self.host_touched)
            && let Some(host) = &mut self.host
        {
            host.flush(&mut self.db)?;
        }
        for id in mem::take(&mut self.touched) {
            if let Some(activation) = self.hosted.get_mut(&id) {
                activation.flush(&mut self.db)?;
            }
        }
        self.db.commit()?;
        self.open = false;
        if let Some(Names { screens, waiting, .. }) = &mut self.names {
            for (number, party, side) in waiting.drain(..) {
                screens.keep(&mut self.db, number, &party, side)?;
            }
        }
        self.answer()?;
        // Both have been asked about: whoever sees alarms looks for letters as well.
        self.journal.take_letters_posted();
        Ok(())
    }

    fn answer(&mut self) -> Result<(), Wrong> {
        for (number, done) in mem::take(&mut self.asked) {
            let caller = &mut self.callers[number];
            caller.waits = false;
            let tells = match done {
                Done::Started(id) => {
                    self.model.conversations.insert(id);
                    vec![]
                }
                Done::Named(planned, events, tells) => {
                    self.model.named(&planned, &events)?;
                    tells
                }
                Done::Moved(events, tells) => {
                    self.tally.resolved += u64::from(!events.is_empty());
                    self.model.moved(&events)?;
                    tells
                }
                Done::Replayed(tells) => {
                    self.tally.repeated += 1;
                    tells
                }
                Done::Told => {
                    caller.tells.pop_front();
                    if caller.tells.is_empty() {
                        caller.steps.pop_front();
                    }
                    continue;
                }
            };
            caller.tells.extend(tells);
            if caller.tells.is_empty() {
                caller.steps.pop_front();
            }
        }
        Ok(())
    }

    /// A batch fails: its callers are told so, the others do not notice.
    fn fail(&mut self) -> Result<(), Wrong> {
        if !self.open {
            return Ok(());
        }
        self.tally.failures += 1;
        self.db.rollback();
        self.open = false;
        if self.fault != Some(Fault::ScreensKept) {
            self.names = None;
        }
        for id in mem::take(&mut self.touched) {
            self.hosted.remove(&id);
        }
        if mem::take(&mut self.host_touched) {
            self.host = None;
        }
        self.post.clear();
        self.journal = Journal::open(&mut self.db, self.firm.clone())?;
        for (number, _) in mem::take(&mut self.asked) {
            self.unanswered(number);
        }
        Ok(())
    }

    /// The process ends. What is left is the file.
    fn crash(&mut self) -> Result<(), Wrong> {
        self.tally.crashes += 1;
        self.db.rollback();
        self.open = false;
        self.host = None;
        self.host_touched = false;
        self.hosted.clear();
        self.touched.clear();
        self.names = None;
        self.post.clear();
        self.asked.clear();
        self.db = open(self.folder.path().join("journal.db"));
        self.journal = Journal::open(&mut self.db, self.firm.clone())?;
        for number in 0..self.callers.len() {
            if self.callers[number].waits || !self.callers[number].tells.is_empty() {
                self.unanswered(number);
            }
        }
        // Whoever is not told yet will be.
        let waiting: BTreeSet<_> = registry::letters_due(&mut self.db, Timestamp::from_millis(i64::MAX / 2), i64::MAX)?
            .into_iter()
            .map(|letter| letter.outcome.conversation)
            .collect();
        self.tally.waiting += waiting.len() as u64;
        for id in self.model.conversations.clone() {
            if !waiting.contains(&id) {
                self.shows(id)?;
            }
        }
        Ok(())
    }

    /// A caller got no answer: it asks again or goes away.
    fn unanswered(&mut self, number: usize) {
        let gives_up = self.dice.one_in(5);
        let caller = &mut self.callers[number];
        caller.waits = false;
        caller.tells.clear();
        if gives_up {
            caller.steps.clear();
        }
    }

    /// Objects leave the memory.
    fn forget(&mut self) {
        if !self.open {
            let keep = self.dice.next();
            self.hosted.retain(|id, _| id.as_ulid().timestamp_ms() & 3 != keep & 3);
            if keep & 4 == 0 {
                self.host = None;
            }
        }
    }
}

/// What the application tells conversations of an answer.
fn tells(answer: &Answer<Firm>) -> Vec<(Outcome, Version)> {
    let posted = answer.events.iter().zip(&answer.recorded);
    posted
        .flat_map(|(event, recorded)| Firm::outcomes(event).iter().map(|outcome| (*outcome, recorded.version)))
        .collect()
}

/// No power cut is played here, so nothing has to wait for the disk.
fn open(path: PathBuf) -> Db {
    let mut db = Db::journal(&path).unwrap();
    db.script("PRAGMA synchronous = OFF").unwrap();
    db
}

fn open_journal(mut db: Db, firm: &FirmId) -> (Db, Journal) {
    db.transaction(|db| store::migrate(db, Timestamp::from_millis(START_MS))).unwrap();
    let journal = Journal::open(&mut db, firm.clone()).unwrap();
    (db, journal)
}
