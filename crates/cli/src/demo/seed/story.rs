//! One conversation from the first word on, told forward in time until it ends or the present cuts it off.

use engage_domain::{
    Role, Timestamp, UserId,
    conversation::{
        Author, Close, Command, ConflictStatus, Dated, GoalPriority, GoalTemplate, Identity, Phase, Priority, Start,
        Terms,
    },
};

use super::{
    SeedFirm, SeedUser,
    calendar::Calendar,
    people::Client,
    random::Random,
    script::{Area, Exchange, Phrases, Slots, Topic},
};

const MINUTE: i64 = 60_000;
const DAY: i64 = 24 * 60 * MINUTE;

/// What becomes of a conversation, if the present does not come first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    /// The firm takes the matter; the intake is completed.
    Engaged,
    /// A question is answered, and that is all it took.
    Advised,
    /// The firm does not take the matter.
    Declined,
    /// The firm must not take the matter.
    Conflicted,
    /// The client stops answering; after some weeks the firm closes.
    Abandoned,
    /// The matter drags on, past its due date.
    Lingering,
    /// Begun by mistake or twice, and deleted.
    Deleted,
}

const OUTCOMES: [(usize, Outcome); 7] = [
    (47, Outcome::Engaged),
    (12, Outcome::Advised),
    (9, Outcome::Declined),
    (3, Outcome::Conflicted),
    (16, Outcome::Abandoned),
    (10, Outcome::Lingering),
    (3, Outcome::Deleted),
];

/// How urgent assignments are, by weight.
const PRIORITIES: [(usize, Priority); 4] =
    [(1, Priority::Urgent), (3, Priority::High), (8, Priority::Normal), (2, Priority::Low)];

/// A story being told.
pub(super) struct Story<'a> {
    firm: &'a SeedFirm,
    calendar: &'a Calendar,
    area: &'a Area,
    topic: &'a Topic,
    client: &'a Client,
    slots: Slots<'a>,
    random: Random,
    now: Timestamp,
    secured: bool,
    done: Vec<String>,
    terms: Terms,
    steps: Vec<Dated>,
}

/// `None`: the present has come, and nothing more is told.
type Told = Option<()>;

impl<'a> Story<'a> {
    /// Tells the story that begins at `created_at`: the client, where they signed in, and all that happened.
    pub(super) fn tell(
        firm: &'a SeedFirm,
        calendar: &'a Calendar,
        created_at: Timestamp,
        mut random: Random,
    ) -> (Option<SeedUser>, Command) {
        let client = Client::draw(firm, &mut random);
        let area = random.pick(&firm.script.areas);
        let topic = random.pick(&area.topics);
        let mut slots = Slots::draw(&firm.script, &mut random);
        slots.set("first", &client.first);
        slots.set("firm", &firm.name);
        let mut story = Story {
            firm,
            calendar,
            area,
            topic,
            client: &client,
            slots,
            random,
            now: created_at,
            secured: false,
            done: vec![],
            terms: Terms::default(),
            steps: vec![],
        };
        // What the present cuts off is simply not there; either way the story so far is whole.
        let _cut_off = story.all();
        (story.secured.then(|| client.user.clone()), Command::History(story.steps))
    }

    fn all(&mut self) -> Told {
        let outcome = self.random.weighted(&OUTCOMES);
        self.begin()?;
        match outcome {
            Outcome::Engaged => self.engaged(),
            Outcome::Advised => self.advised(),
            Outcome::Declined => self.declined(),
            Outcome::Conflicted => self.conflicted(),
            Outcome::Abandoned => self.abandoned(),
            Outcome::Lingering => self.lingering(),
            Outcome::Deleted => self.deleted(),
        }
    }

    fn engaged(&mut self) -> Told {
        self.sign_in()?;
        self.assign()?;
        self.talk(2)?;
        self.clear_conflicts()?;
        self.gather()?;
        let days = self.random.between(4, 40);
        self.later(days * DAY);
        self.reach_the_rest()?;
        self.say(Author::Agent, |phrases| &phrases.engaged)?;
        let days = self.random.between(1, 6);
        self.later(days * DAY);
        self.say(Author::System, |phrases| &phrases.signed)?;
        self.finish_assignment()?;
        self.after_minutes(2, 30);
        self.push(Command::MovePhase(Phase::Completed))
    }

    fn advised(&mut self) -> Told {
        if self.random.chance(60) {
            self.sign_in()?;
        }
        self.talk(1)?;
        if self.random.chance(70) {
            self.assign()?;
        }
        self.after_office_minutes(60, 2400);
        self.say(Author::Agent, |phrases| &phrases.advised)?;
        if self.random.chance(60) {
            self.after_minutes(3, 300);
            self.say(Author::User, |phrases| &phrases.thanks)?;
        }
        self.finish_assignment()?;
        self.after_office_minutes(1, 90);
        self.push(Command::Close(Close::Completed))
    }

    fn declined(&mut self) -> Told {
        self.sign_in()?;
        self.assign()?;
        self.talk(2)?;
        self.clear_conflicts()?;
        let days = self.random.between(2, 9);
        self.later(days * DAY);
        self.say(Author::Agent, |phrases| &phrases.declined)?;
        self.finish_assignment()?;
        self.after_minutes(1, 20);
        self.push(Command::Close(Close::Terminated))
    }

    fn conflicted(&mut self) -> Told {
        self.sign_in()?;
        self.talk(2)?;
        self.reach("conflict_check_readiness")?;
        self.after_office_minutes(60, 900);
        self.push(Command::DecideConflict(ConflictStatus::ConflictDetected))?;
        self.after_minutes(20, 180);
        self.say(Author::Agent, |phrases| &phrases.conflicted)?;
        self.after_minutes(1, 10);
        self.push(Command::Close(Close::Terminated))
    }

    fn abandoned(&mut self) -> Told {
        if self.random.chance(50) {
            self.sign_in()?;
        }
        if self.random.chance(60) {
            self.talk(1)?;
        }
        if self.random.chance(40) {
            self.assign()?;
        }
        let days = self.random.between(4, 10);
        self.later(days * DAY);
        self.say(Author::Agent, |phrases| &phrases.reminder)?;
        let days = self.random.between(20, 30);
        self.later(days * DAY);
        self.finish_assignment()?;
        self.push(Command::Close(Close::Terminated))
    }

    fn lingering(&mut self) -> Told {
        self.sign_in()?;
        self.assign()?;
        self.talk(2)?;
        self.clear_conflicts()?;
        self.gather()?;
        for _ in 0..self.random.between(1, 2) {
            let days = self.random.between(12, 60);
            self.later(days * DAY);
            self.say(Author::Agent, |phrases| &phrases.update)?;
        }
        Some(())
    }

    fn deleted(&mut self) -> Told {
        let days = self.random.between(1, 12);
        self.later(days * DAY);
        self.push(Command::Delete)
    }

    /// The client's first words and the firm's answer.
    fn begin(&mut self) -> Told {
        let told_area = self.random.chance(60).then_some(self.topic.legal_area.as_str());
        let start = Start {
            identity: self.client.introduction(told_area),
            practice_area: Some(self.area.id()),
            goals: self.area.goals.clone(),
            resume: None,
            external_id: None,
        };
        self.push(Command::Start(Box::new(start)))?;
        self.now = self.now.plus_millis(1000);
        let opening = self.slots.fill(self.random.text(&self.topic.opening));
        self.message(Author::User, opening)?;
        self.after_office_minutes(1, 45);
        self.say(Author::Agent, |phrases| &phrases.welcome)
    }

    fn sign_in(&mut self) -> Told {
        self.after_minutes(1, 4);
        self.push(Command::MovePhase(Phase::LoginSuggested))?;
        if self.random.chance(50) {
            self.say(Author::Agent, |phrases| &phrases.sign_in)?;
        }
        self.after_minutes(3, 240);
        self.push(Command::Secure { user: self.client.user.id })?;
        self.secured = true;
        self.push(Command::UpdateIdentity(Box::new(self.client.contact())))?;
        self.reach("user_identification")
    }

    /// At least `least` questions and answers, some of them on another day.
    fn talk(&mut self, least: usize) -> Told {
        let topic = self.topic;
        let most = topic.exchanges.len().min(4);
        let count = self.random.between(least as i64, most as i64) as usize;
        for (number, exchange) in topic.exchanges.iter().take(count).enumerate() {
            self.ask(exchange)?;
            if number == 0 {
                self.describe()?;
            }
        }
        self.reach("legal_needs_assessment")
    }

    fn ask(&mut self, exchange: &Exchange) -> Told {
        self.after_office_minutes(1, 20);
        let question = self.slots.fill(&exchange.ask);
        self.message(Author::Agent, question)?;
        if self.random.chance(15) {
            self.after_minutes(600, 2800);
        } else {
            self.after_minutes(1, 50);
        }
        let answer = self.slots.fill(self.random.text(&exchange.answer));
        self.message(Author::User, answer)?;
        self.after_minutes(1, 5);
        exchange.goal.as_ref().map_or(Some(()), |goal| self.reach(goal))
    }

    /// The firm writes down what it understood.
    fn describe(&mut self) -> Told {
        let situation = self.slots.fill(&self.topic.situation);
        let address = self.random.chance(50).then(|| self.client.address.as_str().into());
        self.push(Command::UpdateIdentity(Box::new(Identity {
            legal_area: Some(self.topic.legal_area.as_str().into()),
            situation: Some(situation.as_str().into()),
            address,
            ..Identity::default()
        })))
    }

    fn clear_conflicts(&mut self) -> Told {
        self.reach("conflict_check_readiness")?;
        self.after_office_minutes(60, 2000);
        self.push(Command::DecideConflict(ConflictStatus::Clear))?;
        self.push(Command::MovePhase(Phase::ConflictCheckComplete))?;
        if self.random.chance(50) {
            self.say(Author::Agent, |phrases| &phrases.cleared)?;
        }
        Some(())
    }

    fn gather(&mut self) -> Told {
        self.after_office_minutes(30, 900);
        self.push(Command::MovePhase(Phase::DataGathering))
    }

    /// What the intake cannot end without is found out; of the rest, some.
    fn reach_the_rest(&mut self) -> Told {
        let area = self.area;
        for goal in GoalTemplate::base().iter().chain(&area.goals) {
            let needed = match goal.priority {
                GoalPriority::Critical | GoalPriority::Required => true,
                GoalPriority::Important => self.random.chance(80),
                GoalPriority::Optional => self.random.chance(40),
            };
            if needed {
                self.reach(&goal.id)?;
            }
        }
        Some(())
    }

    fn reach(&mut self, goal: &str) -> Told {
        if self.done.iter().any(|done| done == goal) {
            return Some(());
        }
        self.done.push(goal.to_owned());
        self.push(Command::CompleteGoal { id: goal.to_owned() })
    }

    /// Somebody becomes responsible; at times it is offered first, or passed on later.
    fn assign(&mut self) -> Told {
        self.after_office_minutes(20, 1500);
        let first = self.somebody();
        let due_days = self.random.between(3, 24);
        self.terms = Terms {
            priority: self.random.weighted(&PRIORITIES),
            due_date: Some(self.calendar.due(self.now, due_days)),
            estimated_hours: self.random.chance(70).then(|| self.random.between(2, 40) as f64 / 2.0),
            notes: self.random.chance(30).then(|| self.random.text(&self.firm.phrases.notes).into()),
        };
        let offered = self.random.chance(20);
        self.give(first, offered)?;
        if self.random.chance(12) {
            self.after_office_minutes(200, 2800);
            let other = self.somebody();
            self.give(other, false)
        } else if offered {
            self.after_office_minutes(60, 1500);
            self.give(first, false)
        } else {
            Some(())
        }
    }

    fn give(&mut self, assignee: UserId, pending: bool) -> Told {
        self.push(Command::Assign { assignee, terms: Box::new(self.terms.clone()), pending })
    }

    /// An attorney, seldom a paralegal.
    fn somebody(&mut self) -> UserId {
        let role = if self.random.chance(85) { Role::Attorney } else { Role::Paralegal };
        let able: Vec<_> = self.firm.staff.iter().filter(|member| member.role == role).collect();
        self.random.pick(&able).id
    }

    fn finish_assignment(&mut self) -> Told {
        if !self.steps.iter().any(|step| matches!(step.command, Command::Assign { .. })) {
            return Some(());
        }
        let estimated = self.terms.estimated_hours.unwrap_or(3.0);
        let quarters = (estimated * 4.0 * self.random.between(60, 150) as f64 / 100.0).round();
        self.push(Command::CompleteAssignment { actual_hours: Some(quarters.max(1.0) / 4.0) })
    }

    fn say(&mut self, author: Author, from: impl FnOnce(&Phrases) -> &[String]) -> Told {
        let text = self.slots.fill(self.random.text(from(&self.firm.phrases)));
        self.message(author, text)
    }

    fn message(&mut self, author: Author, text: String) -> Told {
        self.push(Command::AddMessage { author, content: text.as_str().into() })
    }

    /// Adds one step, and moves on a moment so that two steps are never at once.
    fn push(&mut self, command: Command) -> Told {
        if self.now > self.calendar.until() {
            return None;
        }
        self.steps.push(Dated { at: self.now, command });
        let moment = self.random.between(800, 9000);
        self.now = self.now.plus_millis(moment);
        Some(())
    }

    fn after_minutes(&mut self, least: i64, most: i64) {
        let minutes = self.random.between(least, most);
        self.now = self.now.plus_millis(minutes * MINUTE);
    }

    /// The same, and then in the firm's office hours.
    fn after_office_minutes(&mut self, least: i64, most: i64) {
        self.after_minutes(least, most);
        self.now = self.calendar.office(self.now, &mut self.random);
    }

    fn later(&mut self, ms: i64) {
        self.now = self.calendar.office(self.now.plus_millis(ms), &mut self.random);
    }
}
