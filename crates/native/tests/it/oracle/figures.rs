//! The second definition of each figure: loops over the objects' states, without an index, without SQL.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::ControlFlow,
};

use engage_app::{
    Runtime,
    analytics::{DayCount, Totals},
};
use engage_domain::{
    Conversation, ConversationId, EntryId, Outcome, Role, Timestamp, User, UserId,
    calendar::Day,
    conversation::{AssignmentStatus, Phase, Status},
    text::Private,
    user::UserStatus,
};
use engage_index::{
    analytics::{PracticeAreaRow, WorkloadRow},
    assignments::AssignmentFilters,
    conversations::{Order, Sort},
    page::Direction,
};
use engage_journal::{Call, Entry, Intent, Turn, read};
use engage_native::{Platform, sqlite::Db};
use jiff::tz::TimeZoneDatabase;

use super::drawn::Drawn;
use crate::rig::{conversation, done, firm, person};

/// The objects of a firm, as their journal gives them back.
pub(crate) struct Truth {
    pub(crate) zone: String,
    users: BTreeMap<UserId, User>,
    /// All of them.
    all: BTreeMap<ConversationId, Conversation>,
    /// What was said in each, in lower case.
    said: BTreeMap<ConversationId, String>,
    /// Everything recorded, in order.
    entries: Vec<Entry>,
}

fn mean(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}

/// Hours from the beginning of each completed one to its last activity, on average.
fn hours_to_completion(of: &[&Conversation]) -> Option<f64> {
    let completed = of.iter().filter(|state| state.status == Status::Completed);
    let ms: Vec<_> =
        completed.map(|state| (state.last_activity.as_millis() - state.created_at.as_millis()) as f64).collect();
    mean(&ms).map(|ms| ms / 3_600_000.0)
}

impl Truth {
    pub(crate) async fn read(platform: &Platform, drawn: &Drawn) -> Self {
        let firm = firm("acme");
        let (mut users, mut all, mut said) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        for number in 1..=drawn.users.len() as u64 {
            let call = Call::new(engage_domain::Actor::SYSTEM, Intent::Peek);
            let turn: Result<Turn<User>, _> = platform.call(&firm, person(number), call).await;
            users.insert(person(number), (*done(turn).state).clone());
        }
        for number in 1..=drawn.intakes.len() as u64 {
            let id = conversation(number);
            let call = Call::new(engage_domain::Actor::SYSTEM, Intent::Peek);
            let turn: Result<Turn<Conversation>, _> = platform.call(&firm, id, call).await;
            let state = (*done(turn).state).clone();
            let messages = platform.messages(&firm, id, None, 100).await.unwrap();
            let texts = messages.iter().filter_map(|message| message.content.as_ref()).chain(&state.identity.name);
            said.insert(id, texts.map(|text| text.as_str().to_lowercase()).collect::<Vec<_>>().join("\n"));
            all.insert(id, state);
        }
        let mut entries = vec![];
        let mut journal = Db::reader(&platform.folder().firm(&firm).join("journal.db")).unwrap();
        read::entries_after(&mut journal, 0, i64::MAX, &mut |entry| {
            entries.push(entry);
            Ok(ControlFlow::Continue(()))
        })
        .unwrap();
        Self { zone: drawn.zone.to_owned(), users, all, said, entries }
    }

    /// The date that a clock on the firm's wall shows.
    pub(crate) fn day_of(&self, at: Timestamp) -> Day {
        let instant = jiff::Timestamp::from_millisecond(at.as_millis()).unwrap();
        TimeZoneDatabase::bundled().get(&self.zone).unwrap().to_datetime(instant).date().to_string().parse().unwrap()
    }

    /// Those that are not deleted.
    fn kept(&self) -> impl Iterator<Item = (ConversationId, &Conversation)> {
        self.all.iter().filter(|(_, state)| !state.is_deleted()).map(|(id, state)| (*id, state))
    }

    pub(crate) fn attention(&self, idle_before: Timestamp) -> Vec<(ConversationId, Option<Private>)> {
        let mut waiting: Vec<_> = self
            .kept()
            .filter(|(_, state)| state.status == Status::Active)
            .filter(|(_, state)| state.assigned_to.is_none() || state.last_activity < idle_before)
            .collect();
        waiting.sort_by_key(|(id, state)| (state.last_activity, *id));
        let named = waiting
            .into_iter()
            .map(|(id, state)| (id, state.assigned_to.and_then(|user| self.users[&user].name.clone())));
        named.collect()
    }

    pub(crate) fn workload(&self, now: Timestamp) -> Vec<WorkloadRow> {
        let mut rows = vec![];
        for (id, user) in &self.users {
            if user.status != UserStatus::Active || user.role == Some(Role::Client) {
                continue;
            }
            let theirs = self.kept().filter(|(_, c)| c.status == Status::Active && c.assigned_to == Some(*id));
            let scores: Vec<_> = theirs.map(|(_, c)| f64::from(c.quality_score())).collect();
            let cases: Vec<_> = self
                .kept()
                .filter_map(|(_, c)| c.assignment_of(*id))
                .filter(|assignment| assignment.status == AssignmentStatus::Active)
                .collect();
            let hours: Vec<_> = cases.iter().filter_map(|case| case.terms.estimated_hours).collect();
            let overdue = cases.iter().filter(|case| case.terms.due_date.is_some_and(|due| due < now)).count();
            rows.push(WorkloadRow {
                user_id: *id,
                name: user.name.clone(),
                role: user.role,
                active_conversations: scores.len() as u64,
                average_data_quality: mean(&scores),
                assigned_cases: cases.len() as u64,
                average_estimated_hours: mean(&hours),
                overdue_cases: overdue as u64,
            });
        }
        let name = |row: &WorkloadRow| row.name.as_ref().map(|name| name.as_str().to_owned());
        rows.sort_by_key(|row| (std::cmp::Reverse(row.active_conversations), name(row), row.user_id));
        rows
    }

    pub(crate) fn practice_areas(&self, since: Option<Timestamp>) -> Vec<PracticeAreaRow> {
        let counted: Vec<_> =
            self.kept().map(|(_, c)| c).filter(|c| since.is_none_or(|since| since <= c.created_at)).collect();
        let areas: BTreeSet<_> = counted.iter().map(|c| c.practice_area.clone()).collect();
        let mut rows = vec![];
        for area in areas {
            let of: Vec<_> = counted.iter().copied().filter(|c| c.practice_area == area).collect();
            let scores: Vec<_> = of.iter().map(|c| f64::from(c.quality_score())).collect();
            rows.push(PracticeAreaRow {
                practice_area: area,
                total: of.len() as u64,
                completed: of.iter().filter(|c| c.status == Status::Completed).count() as u64,
                average_data_quality: mean(&scores),
                average_hours_to_completion: hours_to_completion(&of),
            });
        }
        rows.sort_by_key(|row| (std::cmp::Reverse(row.total), row.practice_area.clone()));
        rows
    }

    /// Those begun on one of the firm's days from `from` on, `to` not among them.
    fn begun(&self, from: Day, to: Day) -> Vec<&Conversation> {
        self.kept().map(|(_, c)| c).filter(|c| (from..to).contains(&self.day_of(c.created_at))).collect()
    }

    pub(crate) fn totals(&self, from: Day, to: Day) -> Totals {
        let of = self.begun(from, to);
        let with = |status| of.iter().filter(|c| c.status == status).count() as u64;
        let within = |phase| of.iter().filter(|c| c.phase == phase).count() as u64;
        Totals {
            created: of.len() as u64,
            completed: with(Status::Completed),
            average_hours_to_completion: hours_to_completion(&of),
            average_data_quality: mean(&of.iter().map(|c| f64::from(c.quality_score())).collect::<Vec<_>>()),
            by_status: Status::ALL.into_iter().map(|status| (status, with(status))).collect(),
            by_phase: Phase::ALL.into_iter().map(|phase| (phase, within(phase))).collect(),
        }
    }

    pub(crate) fn days(&self, from: Day, to: Day) -> Vec<DayCount> {
        let days = (0..to.days_since(from)).map(|days| from.plus(days));
        let counts = days.map(|day| {
            let Totals { created, completed, .. } = self.totals(day, day.plus(1));
            DayCount { day, created, completed }
        });
        counts.collect()
    }

    pub(crate) fn assignments(&self, filters: &AssignmentFilters) -> Vec<(ConversationId, UserId, Option<Private>)> {
        let mut rows = vec![];
        for (id, state) in self.kept() {
            for case in &state.assignments {
                let due = case.terms.due_date;
                let overdue = |now| case.status == AssignmentStatus::Active && due.is_some_and(|due| due < now);
                if filters.assigned_to.is_none_or(|user| user == case.assigned_to)
                    && filters.status.is_none_or(|status| status == case.status)
                    && filters.priority.is_none_or(|priority| priority == case.terms.priority)
                    && filters.overdue_at.is_none_or(overdue)
                {
                    rows.push((due.is_none(), due, id, case.assigned_to, state.identity.name.clone()));
                }
            }
        }
        rows.sort_by_key(|(undated, due, id, user, _)| (*undated, *due, *id, *user));
        rows.into_iter().map(|(_, _, id, user, name)| (id, user, name)).collect()
    }

    pub(crate) fn users(&self) -> Vec<(UserId, Option<Role>, UserStatus, u64, u64)> {
        let rows = self.users.iter().map(|(id, user)| {
            let own = self.kept().filter(|(_, c)| c.user_id == Some(*id)).count() as u64;
            let responsible = self.kept().filter(|(_, c)| c.assigned_to == Some(*id)).count() as u64;
            (*id, user.role, user.status, own, responsible)
        });
        rows.collect()
    }

    pub(crate) fn conversations(&self, order: Order, status: Option<Status>) -> Vec<ConversationId> {
        let mut rows: Vec<_> = self.kept().filter(|(_, c)| status.is_none_or(|status| status == c.status)).collect();
        rows.sort_by(|(a, x), (b, y)| {
            let name = |c: &Conversation| c.identity.name.as_ref().map_or(String::new(), |n| n.as_str().to_lowercase());
            let by = match order.sort {
                Sort::LastActivity => x.last_activity.cmp(&y.last_activity),
                Sort::CreatedAt => x.created_at.cmp(&y.created_at),
                Sort::ClientName => name(x).cmp(&name(y)),
                Sort::DataQualityScore => x.quality_score().cmp(&y.quality_score()),
            };
            by.then(a.cmp(b))
        });
        if order.direction == Direction::Desc {
            rows.reverse();
        }
        rows.into_iter().map(|(id, _)| id).collect()
    }

    /// Those in which somebody said `word`, or whose client is called so.
    pub(crate) fn holding(&self, word: &str) -> BTreeSet<ConversationId> {
        let holds = |text: &str| text.split(|c: char| !c.is_alphanumeric()).any(|other| other == word);
        self.kept().map(|(id, _)| id).filter(|id| holds(&self.said[id])).collect()
    }

    /// The trail, oldest first: of one conversation or of all, with one outcome or any.
    pub(crate) fn trail(&self, of: Option<ConversationId>, outcome: Option<Outcome>) -> Vec<EntryId> {
        let about = |entry: &&Entry| of.is_none_or(|id| *entry.object == *id.to_string());
        let ended = |entry: &&Entry| outcome.is_none_or(|outcome| outcome == entry.outcome);
        self.entries.iter().filter(about).filter(ended).map(|entry| entry.id).collect()
    }

    /// Who looked how often, at how many things, how often in vain; by day, the newest first, then whoever looked most.
    pub(crate) fn accesses(&self, from: Timestamp, to: Timestamp) -> Vec<(Day, Option<UserId>, u64, u64, u64)> {
        let mut groups: BTreeMap<(Day, Option<UserId>), Vec<&Entry>> = BTreeMap::new();
        let counts = |entry: &&Entry| entry.action.starts_with("access_") && (from..to).contains(&entry.at);
        for entry in self.entries.iter().filter(counts) {
            groups.entry((self.day_of(entry.at), entry.actor().unwrap().user_id)).or_default().push(entry);
        }
        let counted = groups.into_iter().map(|((day, user), entries)| {
            let things: BTreeSet<_> = entries.iter().map(|entry| &entry.object).collect();
            let blocked = entries.iter().filter(|entry| entry.outcome == Outcome::Blocked).count();
            (day, user, entries.len() as u64, things.len() as u64, blocked as u64)
        });
        let mut rows: Vec<_> = counted.collect();
        rows.sort_by_key(|(day, user, accesses, ..)| (std::cmp::Reverse(*day), std::cmp::Reverse(*accesses), *user));
        rows
    }
}
