//! What stories are made of: a question and its answer, a sign-in, an assignment; each step a moment after the last.

use engage_domain::{
    Role, UserId,
    conversation::{
        Author, Command, ConflictStatus, Dated, GoalPriority, GoalTemplate, Identity, Phase, Priority, Start, Terms,
    },
};

use super::{
    super::script::{Exchange, Phrases},
    Story, Told,
};

const MINUTE: i64 = 60_000;

/// How urgent assignments are, by weight.
const PRIORITIES: [(usize, Priority); 4] =
    [(1, Priority::Urgent), (3, Priority::High), (8, Priority::Normal), (2, Priority::Low)];

impl Story<'_> {
    /// The client's first words and the firm's answer.
    pub(super) fn begin(&mut self) -> Told {
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

    pub(super) fn sign_in(&mut self) -> Told {
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
    pub(super) fn talk(&mut self, least: usize) -> Told {
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

    pub(super) fn ask(&mut self, exchange: &Exchange) -> Told {
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
    pub(super) fn describe(&mut self) -> Told {
        let situation = self.slots.fill(&self.topic.situation);
        let address = self.random.chance(50).then(|| self.client.address.as_str().into());
        self.push(Command::UpdateIdentity(Box::new(Identity {
            legal_area: Some(self.topic.legal_area.as_str().into()),
            situation: Some(situation.as_str().into()),
            address,
            ..Identity::default()
        })))
    }

    pub(super) fn clear_conflicts(&mut self) -> Told {
        self.reach("conflict_check_readiness")?;
        self.after_office_minutes(60, 2000);
        self.push(Command::DecideConflict(ConflictStatus::Clear))?;
        self.push(Command::MovePhase(Phase::ConflictCheckComplete))?;
        if self.random.chance(50) {
            self.say(Author::Agent, |phrases| &phrases.cleared)?;
        }
        Some(())
    }

    pub(super) fn gather(&mut self) -> Told {
        self.after_office_minutes(30, 900);
        self.push(Command::MovePhase(Phase::DataGathering))
    }

    /// What the intake cannot end without is found out; of the rest, some.
    pub(super) fn reach_the_rest(&mut self) -> Told {
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

    pub(super) fn reach(&mut self, goal: &str) -> Told {
        if self.done.iter().any(|done| done == goal) {
            return Some(());
        }
        self.done.push(goal.to_owned());
        self.push(Command::CompleteGoal { id: goal.to_owned() })
    }

    /// Somebody becomes responsible; at times it is offered first, or passed on later.
    pub(super) fn assign(&mut self) -> Told {
        self.after_office_minutes(20, 1500);
        let first = self.somebody();
        let due_days = self.random.between(7, 45);
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

    pub(super) fn give(&mut self, assignee: UserId, pending: bool) -> Told {
        self.assignee = Some(assignee);
        self.push(Command::Assign { assignee, terms: Box::new(self.terms.clone()), pending })
    }

    /// Whoever is responsible gets more time.
    pub(super) fn extend(&mut self) -> Told {
        let days = self.random.between(45, 120);
        self.terms.due_date = Some(self.calendar.due(self.now, days));
        self.assignee.map_or(Some(()), |assignee| self.give(assignee, false))
    }

    /// An attorney, seldom a paralegal.
    pub(super) fn somebody(&mut self) -> UserId {
        let role = if self.random.chance(85) { Role::Attorney } else { Role::Paralegal };
        let able: Vec<_> = self.firm.staff.iter().filter(|member| member.role == role).collect();
        self.random.pick(&able).id
    }

    pub(super) fn finish_assignment(&mut self) -> Told {
        if self.assignee.is_none() {
            return Some(());
        }
        let estimated = self.terms.estimated_hours.unwrap_or(3.0);
        let quarters = (estimated * 4.0 * self.random.between(60, 150) as f64 / 100.0).round();
        self.push(Command::CompleteAssignment { actual_hours: Some(quarters.max(1.0) / 4.0) })
    }

    pub(super) fn say(&mut self, author: Author, from: impl FnOnce(&Phrases) -> &[String]) -> Told {
        let text = self.slots.fill(self.random.text(from(&self.firm.phrases)));
        self.message(author, text)
    }

    pub(super) fn message(&mut self, author: Author, text: String) -> Told {
        self.push(Command::AddMessage { author, content: text.as_str().into() })
    }

    /// Adds one step, and moves on a moment so that two steps are never at once.
    pub(super) fn push(&mut self, command: Command) -> Told {
        if self.now > self.calendar.until() {
            return None;
        }
        self.steps.push(Dated { at: self.now, command });
        let moment = self.random.between(800, 9000);
        self.now = self.now.plus_millis(moment);
        Some(())
    }

    pub(super) fn after_minutes(&mut self, least: i64, most: i64) {
        let minutes = self.random.between(least, most);
        self.now = self.now.plus_millis(minutes * MINUTE);
    }

    /// The same, and then in the firm's office hours.
    pub(super) fn after_office_minutes(&mut self, least: i64, most: i64) {
        self.after_minutes(least, most);
        self.now = self.calendar.office(self.now, &mut self.random);
    }

    pub(super) fn later(&mut self, ms: i64) {
        self.now = self.calendar.office(self.now.plus_millis(ms), &mut self.random);
    }
}
