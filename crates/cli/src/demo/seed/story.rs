//! One conversation from the first word on, told forward in time until it ends or the present cuts it off.

mod scene;

use engage_domain::{
    Timestamp, UserId,
    conversation::{Author, Close, Command, ConflictStatus, Dated, Phase, Terms},
};

use super::{
    SeedFirm, SeedUser,
    calendar::Calendar,
    people::Client,
    random::Random,
    script::{Area, Slots, Topic},
};

const DAY: i64 = 24 * 3_600_000;

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
    /// The matter drags on; its due date is mostly moved, and at times missed.
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
    assignee: Option<UserId>,
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
            assignee: None,
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
        if self.random.chance(25) {
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
        // Nine rounds outlast the year. Two of them bring news; in most, the due date moves.
        for round in 0..9 {
            let days = self.random.between(25, 60);
            self.later(days * DAY);
            if round < 2 {
                self.say(Author::Agent, |phrases| &phrases.update)?;
            }
            if self.random.chance(80) {
                self.extend()?;
            }
        }
        Some(())
    }

    fn deleted(&mut self) -> Told {
        let days = self.random.between(1, 12);
        self.later(days * DAY);
        self.push(Command::Delete)
    }
}
