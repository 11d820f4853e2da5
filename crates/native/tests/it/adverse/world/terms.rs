//! What a world is made of.

use super::*;

/// A fault that is planted to see that it is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The firm posts no letters.
    NoLetters,
    /// A letter is taken for delivered before its conversation has taken it in.
    LetterLost,
    /// A letter overrides whatever its conversation knows, however old it is.
    OldLetterWins,
    /// A name is compared with those that were registered before the transaction.
    ScreenedTooEarly,
    /// After a batch that failed, its names stay in the screens.
    ScreensKept,
    /// The two parties of a conflict are taken for two conflicts: the rows of one are written beside those of the other.
    ConflictTwice,
    /// A commit is answered and lost.
    AnsweredTooEarly,
}

impl Fault {
    pub(crate) const ALL: [Self; 7] = [
        Self::NoLetters,
        Self::LetterLost,
        Self::OldLetterWins,
        Self::ScreenedTooEarly,
        Self::ScreensKept,
        Self::ConflictTwice,
        Self::AnsweredTooEarly,
    ];
}

/// What happened in a world.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Tally {
    pub(crate) crashes: u64,
    pub(crate) failures: u64,
    pub(crate) letters: u64,
    /// Letters that waited for a conversation when there was a crash.
    pub(crate) waiting: u64,
    pub(crate) conflicts: u64,
    pub(crate) resolved: u64,
    /// First answers that were given again.
    pub(crate) repeated: u64,
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.crashes += other.crashes;
        self.failures += other.failures;
        self.letters += other.letters;
        self.waiting += other.waiting;
        self.conflicts += other.conflicts;
        self.resolved += other.resolved;
        self.repeated += other.repeated;
    }
}

/// What is wrong.
pub(crate) struct Wrong(pub(super) String);

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<Error> for Wrong {
    fn from(error: Error) -> Self {
        Self(error.to_string())
    }
}

impl From<String> for Wrong {
    fn from(wrong: String) -> Self {
        Self(wrong)
    }
}

pub(super) fn sure(holds: bool, else_say: impl FnOnce() -> String) -> Result<(), Wrong> {
    if holds { Ok(()) } else { Err(Wrong(else_say())) }
}

/// What a caller does next.
#[derive(Clone, Debug)]
pub(super) enum Step {
    Start(ConversationId),
    Name(Box<Planned>, Option<CommandId>),
    Resolve(ConflictId, Resolution),
    Reopen(ConflictId),
}

#[derive(Default)]
pub(super) struct Caller {
    pub(super) steps: VecDeque<Step>,
    /// What it was answered, and is to tell before it goes on.
    pub(super) tells: VecDeque<(Outcome, Version)>,
    /// Whether its turn is in the transaction that is open.
    pub(super) waits: bool,
}

/// What a turn of the open transaction comes to if that is committed.
pub(super) enum Done {
    Started(ConversationId),
    Named(Box<Planned>, Vec<Event>, Vec<(Outcome, Version)>),
    Moved(Vec<Event>, Vec<(Outcome, Version)>),
    Replayed(Vec<(Outcome, Version)>),
    Told,
}

/// The screens, which [`Fault::ScreenedTooEarly`] lets lag behind.
pub(super) struct Names {
    pub(super) screens: MemoryScreens,
    pub(super) lags: bool,
    pub(super) waiting: Vec<(i64, Party, Side)>,
}

impl Screens for Names {
    fn rules(&self) -> u32 {
        self.screens.rules()
    }

    fn search(
        &mut self,
        sql: &mut dyn Sql,
        party: &Party,
        side: Side,
        except: &BTreeSet<i64>,
    ) -> Result<Vec<Hit>, Error> {
        self.screens.search(sql, party, side, except)
    }

    fn keep(&mut self, sql: &mut dyn Sql, number: i64, party: &Party, side: Side) -> Result<(), Error> {
        if self.lags {
            self.waiting.push((number, party.clone(), side));
            return Ok(());
        }
        self.screens.keep(sql, number, party, side)
    }
}
