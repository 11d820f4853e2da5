//! The model: what the journal says happened, replayed through the pure aggregates, and what must follow from it.

use std::collections::HashMap;

use engage_app::Fault;
use engage_domain::{
    Aggregate, Context, Conversation, EntryId, Timestamp, User, UserId, Version, actor::Intent as Seen,
};
use engage_index::{IndexRow, Param, Table, projection};
use engage_journal::{Answer, Call, Entry, Error, Hosted, Intent, Turn, Value, activation::decode_event, sql};
use engage_native::sqlite::Db;

use super::Asked;
use crate::rig::{Rig, conversation, person};

/// An aggregate whose calls the model explains.
pub(crate) trait Modelled: Hosted + PartialEq {
    fn version(&self) -> Version;
    fn object(number: u64) -> Self::Id;
}

impl Modelled for Conversation {
    fn version(&self) -> Version {
        self.version
    }

    fn object(number: u64) -> Self::Id {
        conversation(number)
    }
}

impl Modelled for User {
    fn version(&self) -> Version {
        self.version
    }

    fn object(number: u64) -> Self::Id {
        person(number)
    }
}

struct Happened<A: Aggregate> {
    id: EntryId,
    at: Timestamp,
    event: A::Event,
}

/// One object's events, and its state after each, the first being that of no event.
struct Life<A: Aggregate> {
    events: Vec<Happened<A>>,
    states: Vec<A>,
}

/// Everything that the objects of one kind went through.
pub(crate) struct History<A: Aggregate> {
    lives: HashMap<Box<str>, Life<A>>,
    accesses: Vec<EntryId>,
    refusals: usize,
}

impl<A: Modelled> History<A>
where
    A::Event: PartialEq,
    A::Rejection: PartialEq,
{
    /// Reads the history; versions are contiguous, or there is none to be told.
    pub(crate) fn of(entries: &[Entry]) -> Self {
        let mut history = Self { lives: HashMap::new(), accesses: vec![], refusals: 0 };
        for entry in entries.iter().filter(|entry| entry.kind == A::KIND) {
            let life = history
                .lives
                .entry(entry.object.clone())
                .or_insert_with(|| Life { events: vec![], states: vec![A::default()] });
            if let (Some(schema), Some(payload)) = (entry.schema, &entry.payload) {
                let mut state = life.states.last().unwrap().clone();
                assert_eq!(entry.version, state.version().next(), "{entry:?}");
                let event = decode_event::<A>(i64::from(schema), payload).unwrap();
                assert_eq!(&*entry.action, A::action(&event));
                state.apply(&event, entry.version);
                life.states.push(state);
                life.events.push(Happened { id: entry.id, at: entry.at, event });
            } else if &*entry.action == "access_denied" {
                history.refusals += 1;
            } else {
                history.accesses.push(entry.id);
            }
        }
        history
    }

    fn life(&self, object: u64) -> Option<&Life<A>> {
        self.lives.get(A::object(object).to_string().as_str())
    }

    pub(crate) fn last(&self, object: u64) -> Option<&A> {
        self.life(object).and_then(|life| life.states.last())
    }

    pub(crate) fn states(&self) -> impl Iterator<Item = (A::Id, &A)> {
        self.lives.iter().map(|(name, life)| {
            let id = name.parse().unwrap_or_else(|_| panic!("an object called {name}"));
            (id, life.states.last().unwrap())
        })
    }

    /// The ids of all events and accesses.
    pub(crate) fn recorded(&self) -> Vec<EntryId> {
        let events = self.lives.values().flat_map(|life| life.events.iter().map(|happened| happened.id));
        events.chain(self.accesses.iter().copied()).collect()
    }

    pub(crate) const fn refusals(&self) -> usize {
        self.refusals
    }

    /// The call was answered as the object would have answered it at some moment of its history.
    pub(crate) fn explains(&self, asked: &Asked<A>) {
        let none = Life { events: vec![], states: vec![A::default()] };
        let life = self.life(asked.object).unwrap_or(&none);
        let call = &asked.call;
        let at_some_moment =
            |so: &dyn Fn(&A) -> bool| assert!(life.states.iter().any(so), "{call:?} gave {:?}", asked.turn);
        let intent = || match &call.intent {
            Intent::Command(command) => Some(Seen::Command(command)),
            Intent::Access(access) => Some(Seen::Access(*access)),
            Intent::Peek | Intent::Refused { .. } | Intent::Note { .. } => None,
        };
        let now = Timestamp::from_millis(crate::rig::START_MS);
        let decide = |state: &A, now| {
            let Intent::Command(command) = &call.intent else { panic!("{call:?} is no command") };
            state.decide(command, &Context::new(&call.actor, now))
        };
        match &asked.turn {
            Ok(Turn::Done(answer)) if answer.replayed => {}
            Ok(Turn::Done(answer)) => {
                let after = &life.states[answer.state.version().0 as usize];
                assert_eq!(&*answer.state, after);
                if matches!(call.intent, Intent::Command(_)) {
                    follows(life, call, answer, decide);
                }
            }
            Ok(Turn::NotFound) => at_some_moment(&|state| state.version() == Version::NONE),
            Ok(Turn::Denied { denial, recorded }) => at_some_moment(&|state| {
                let exists = state.version() > Version::NONE;
                exists == *recorded && intent().is_some_and(|intent| state.permit(&call.actor, intent) == Err(*denial))
            }),
            Ok(Turn::Rejected(rejection)) => {
                at_some_moment(&|state| decide(state, now).is_err_and(|found| found == *rejection));
            }
            Ok(Turn::Stale { current }) => {
                assert!(Some(*current) != call.expected && (current.0 as usize) < life.states.len(), "{asked:?}");
            }
            Ok(Turn::CommandIdReused) => assert!(call.command_id.is_some()),
            Err(Fault::Storage(error)) => assert!(error.to_string().contains("no room"), "{error}"),
            Err(fault) => panic!("{call:?} met {fault:?}"),
        }
    }

    /// Of the calls that carry one command id and ask the same, one was answered first; each later answer repeats that one.
    pub(crate) fn repeats_agree(&self, asked: &[&Asked<A>]) {
        let mut firsts = HashMap::new();
        let answers = || {
            asked.iter().filter_map(|asked| match (&asked.call.command_id, &asked.turn) {
                (Some(named), Ok(Turn::Done(answer))) if matches!(asked.call.intent, Intent::Command(_)) => {
                    Some((named.id.clone(), named.fingerprint, answer))
                }
                _ => None,
            })
        };
        for (id, fingerprint, answer) in answers().filter(|(_, _, answer)| !answer.replayed) {
            assert!(firsts.insert(id, (fingerprint, answer)).is_none(), "{answer:?} is a second first answer");
        }
        for (id, fingerprint, answer) in answers().filter(|(_, _, answer)| answer.replayed) {
            let (first_fingerprint, first) = firsts[&id];
            assert_eq!(fingerprint, first_fingerprint);
            assert_eq!((&answer.state, &answer.recorded), (&first.state, &first.recorded));
        }
    }
}

/// The events that a command led to are those that the object decides in the state before.
fn follows<A: Modelled>(
    life: &Life<A>,
    call: &Call<A::Command>,
    answer: &Answer<A>,
    decide: impl Fn(&A, Timestamp) -> Result<Vec<A::Event>, A::Rejection>,
) where
    A::Event: PartialEq,
{
    let after = answer.state.version().0 as usize;
    let before = after - answer.recorded.len();
    if let Some(expected) = call.expected {
        assert_eq!(expected.0 as usize, before, "{call:?}");
    }
    let happened = &life.events[before..after];
    let recorded = answer.recorded.iter().map(|recorded| (recorded.id, recorded.at));
    assert!(recorded.eq(happened.iter().map(|happened| (happened.id, happened.at))), "{call:?}");
    let now = happened.first().map_or(Timestamp::from_millis(crate::rig::START_MS), |happened| happened.at);
    let decided = decide(&life.states[before], now).unwrap_or_else(|rejection| panic!("{call:?}: {rejection}"));
    assert!(decided.iter().eq(happened.iter().map(|happened| &happened.event)), "{call:?}");
}

impl<A: Hosted> std::fmt::Debug for Asked<A> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {:?} → {:?}", self.object, self.call, self.turn)
    }
}

/// A table's rows as they are stored, counters included.
fn stored(db: &mut Db, table: Table) -> Vec<Vec<Param>> {
    let columns = [table.columns(), table.counters()].concat();
    let text = format!("SELECT {} FROM {} ORDER BY {}", columns.join(", "), table.name(), table.key().join(", "));
    let decode = |value: Value<'_>| match value {
        Value::Null => Param::Null,
        Value::Integer(integer) => Param::Integer(integer),
        Value::Real(real) => Param::Real(real),
        Value::Text(text) => Param::text(text),
        Value::Blob(_) => panic!("no column holds bytes"),
    };
    sql::all(db, &text, &[], |row| (0..columns.len()).map(|at| row.value(at).map(decode)).collect()).unwrap()
}

fn expected<R: IndexRow>(mut rows: Vec<R>) -> Vec<Vec<Param>> {
    rows.sort_by_key(R::key);
    rows.iter().map(R::params).collect()
}

/// The index shows the model's states and the journal's entries, and nothing else.
pub(crate) fn index_shows(rig: &Rig, entries: &[Entry], conversations: &History<Conversation>, users: &History<User>) {
    let firm = &rig.firm;
    let mut db = Db::reader(&rig.file("index.db")).unwrap();
    let rows = conversations.states().map(|(id, state)| projection::conversation_row(firm, id, state));
    assert_eq!(stored(&mut db, Table::Conversation), expected(rows.collect()));
    let rows = conversations.states().flat_map(|(id, state)| projection::assignment_rows(firm, id, state));
    assert_eq!(stored(&mut db, Table::Assignment), expected(rows.collect()));
    let rows: Result<Vec<_>, Error> = entries.iter().map(|entry| projection::audit_row(firm, entry)).collect();
    assert_eq!(stored(&mut db, Table::Audit), expected(rows.unwrap()));
    assert_eq!(stored(&mut db, Table::Conflict), Vec::<Vec<Param>>::new());
    let rows: Result<Vec<_>, Error> = entries.iter().map(|entry| projection::passage_row(firm, entry)).collect();
    assert_eq!(stored(&mut db, Table::Passage), expected(rows.unwrap().into_iter().flatten().collect()));
    let counted = |mut row: Vec<Param>, id: UserId| {
        let alive = || conversations.states().filter(|(_, state)| !state.is_deleted());
        let own = alive().filter(|(_, state)| state.user_id == Some(id)).count();
        let assigned = alive().filter(|(_, state)| state.assigned_to == Some(id)).count();
        row.extend([own, assigned].map(|count| Param::Integer(count as i64)));
        row
    };
    let mut rows: Vec<_> = users.states().map(|(id, state)| (id, projection::user_row(firm, id, state))).collect();
    rows.sort_by_key(|(id, _)| *id);
    let rows: Vec<_> = rows.iter().map(|(id, row)| counted(row.params(), *id)).collect();
    assert_eq!(stored(&mut db, Table::User), rows);
}
