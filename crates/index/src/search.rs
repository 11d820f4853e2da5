//! Full-text search over what was said in the conversations and what is known of their clients.
//!
//! A conversation is found when every word of the question is found in it, whichever passages they stand in: the name in one, the rest in what
//! the client said later. What was corrected since, such as a former name, is found as well. Words are compared without regard to case and to
//! accents, as SQLite's FTS5 tokenises them (`unicode61`): whole, so that `evict` does not find `eviction`, unless the question says `evict*`.
//!
//! The rank is BM25 as FTS5 computes it, summed over the words, each where it fits best: names count more than addresses, these more than a
//! situation, that more than a message. Lower is better.
//!
//! Limit: of a word that more than [`PASSAGES_MAX`] passages hold, the newest so many are looked at ([`IsCut`] says whether that
//! was so). It bounds what a question costs, however many conversations say "the".

mod words;

use std::{fmt, str::FromStr};

use engage_domain::{ConversationId, EntryId, FirmId, UserId, Version};
use engage_journal::{self as journal, Row};
use serde::{Deserialize, Serialize};

pub use self::words::{QUERY_MAX, WORDS_MAX, Words};
use crate::{
    ConversationRow, IndexRow, Limit, Param, Query, Statement, Table,
    conversations::CursorError,
    page::cut,
    place,
    rows::{parse, select_of, unsigned},
};

/// Most passages that are looked at for one word, the newest first.
pub const PASSAGES_MAX: u32 = 20_000;

/// Longest way that somebody leafs through.
const DEPTH_MAX: u32 = 10_000;

/// What a find in a name, an e-mail address, a situation and a message weighs.
const WEIGHTS: &str = "8.0, 4.0, 2.0, 1.0";

/// Tokens of a situation or a message that a find is shown with.
const SNIPPET: &str = "24";

/// The fields of a passage, in the order of the full-text index's columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Field {
    /// The client's name.
    ClientName,
    /// The client's e-mail address.
    ClientEmail,
    /// What the client says of their situation.
    Situation,
    /// What was said.
    Message,
}

impl Field {
    /// Every field.
    pub const ALL: [Self; 4] = [Self::ClientName, Self::ClientEmail, Self::Situation, Self::Message];

    /// The word on the wire, and the column's name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ClientName => "clientName",
            Self::ClientEmail => "clientEmail",
            Self::Situation => "situation",
            Self::Message => "message",
        }
    }
}

/// One page of the conversations that words are found in, the best first.
#[derive(Clone, Debug)]
pub struct Search {
    /// The firm.
    pub firm: FirmId,
    /// What is looked for.
    pub words: Words,
    /// Of this signed-in client alone. A client's own search always has it.
    pub owner: Option<UserId>,
    /// Where the page begins; none: at the first find.
    pub after: Option<SearchPlace>,
    /// Most rows of the page.
    pub limit: Limit,
}

/// Where a page of finds ended: so many were shown. What is written meanwhile shifts every rank a little, and their order hardly.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SearchPlace(u32);

impl fmt::Display for SearchPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        place::write(self, f)
    }
}

impl FromStr for SearchPlace {
    type Err = CursorError;

    fn from_str(text: &str) -> Result<Self, CursorError> {
        place::read(text)
            .and_then(|place: Self| if place.0 <= DEPTH_MAX { Ok(place) } else { Err(CursorError::Malformed) })
    }
}

/// A conversation that was found.
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    /// The conversation.
    pub row: ConversationRow,
    /// How well it fits; lower is better.
    pub rank: f64,
    /// The passages in which each word fits best.
    passages: Vec<i64>,
}

impl Search {
    /// Makes a page of the query's answer, with the place of the next page if there is one.
    pub fn page(&self, rows: Vec<Found>) -> (Vec<Found>, Option<SearchPlace>) {
        let (rows, more) = cut(rows, self.limit);
        let shown = self.shown() + u32::try_from(rows.len()).unwrap_or(u32::MAX);
        (rows, Some(SearchPlace(shown)).filter(|_| more && shown <= DEPTH_MAX))
    }

    /// What was found on a page, to be shown with it.
    pub fn finds(&self, page: &[Found]) -> Finds {
        let mut passages: Vec<_> = page.iter().flat_map(|found| found.passages.iter().copied()).collect();
        passages.sort_unstable();
        passages.dedup();
        Finds { firm: self.firm.clone(), words: self.words.clone(), passages }
    }

    /// Whether a word was so common that not all of its passages were looked at.
    pub fn is_cut(&self) -> IsCut {
        IsCut(self.words.clone())
    }

    fn shown(&self) -> u32 {
        self.after.map_or(0, |place| place.0)
    }
}

impl Query for Search {
    type Row = Found;

    fn statement(&self) -> Statement {
        let mut params = vec![Param::from(&self.firm)];
        let mut bind = |value: Param| {
            params.push(value);
            params.len()
        };
        let words: Vec<_> = self.words.expressions().enumerate().map(|(number, word)| {
            let at = bind(Param::text(word));
            format!(
                "SELECT {number} AS word, id, score FROM (SELECT rowid AS id, bm25(passage_text, {WEIGHTS}) AS score FROM passage_text
                   WHERE passage_text MATCH ?{at} ORDER BY rowid DESC LIMIT {PASSAGES_MAX})"
            )
        }).collect();
        let owner = self.owner.map(|owner| format!(" AND +c.userId = ?{}", bind(owner.into()))).unwrap_or_default();
        let (limit, shown) = (bind(i64::from(self.limit.get() + 1).into()), bind(i64::from(self.shown()).into()));
        // With `min`, SQLite takes the other columns from the row that holds the least.
        let sql = format!(
            "WITH hit (word, id, score) AS ({}),
               best (sessionId, word, id, score) AS (SELECT p.sessionId, word, hit.id, min(score) FROM hit
                 CROSS JOIN passage_index AS p ON p.id = hit.id GROUP BY p.sessionId, word),
               ranked (sessionId, score, passages) AS (SELECT sessionId, sum(score), group_concat(id) FROM best
                 GROUP BY sessionId HAVING count(*) = {})
             SELECT {}, score, passages FROM ranked CROSS JOIN conversation_index AS c
               ON c.firmId = ?1 AND c.sessionId = ranked.sessionId WHERE c.isDeleted = 0{owner}
             ORDER BY score, c.sessionId LIMIT ?{limit} OFFSET ?{shown}",
            words.join(" UNION ALL "),
            words.len(),
            select_of("c", Table::Conversation),
        );
        Statement::new(sql, params)
    }

    fn decode(row: &dyn Row) -> Result<Found, journal::Error> {
        let at = Table::Conversation.columns().len();
        let passages = row
            .text(at + 1)?
            .split(',')
            .map(|id| id.parse().map_err(|_| journal::Error::Corrupt(format!("{id:?} as a passage"))));
        Ok(Found {
            row: ConversationRow::decode(row)?,
            rank: row.maybe_real(at)?.unwrap_or(0.0),
            passages: passages.collect::<Result<_, _>>()?,
        })
    }
}

/// The passages of a page of finds, with what was found in them.
#[derive(Clone, Debug)]
pub struct Finds {
    firm: FirmId,
    words: Words,
    passages: Vec<i64>,
}

/// A passage that words were found in.
#[derive(Clone, Debug, PartialEq)]
pub struct Find {
    /// The conversation.
    pub session_id: ConversationId,
    /// The entry.
    pub passage_id: EntryId,
    /// The conversation's version that it gave.
    pub version: Version,
    /// The fields in which something was found, each cut to what stands around it.
    pub fields: Vec<(Field, Excerpt)>,
}

/// A text, with what was found in it set apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Excerpt(pub Vec<Fragment>);

/// A piece of an [`Excerpt`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fragment {
    /// The text.
    pub text: String,
    /// Whether it was looked for.
    pub found: bool,
}

/// Begin and end of what was found, in what FTS5 hands back: characters that nobody types.
const MARKS: [char; 2] = ['\u{2}', '\u{3}'];

impl Excerpt {
    /// Reads a text with marks in it; none where nothing is marked.
    fn read(text: &str) -> Option<Self> {
        let mut fragments: Vec<Fragment> = vec![];
        let mut found = false;
        for piece in text.split_inclusive(MARKS) {
            let text = piece.trim_end_matches(MARKS);
            if !text.is_empty() {
                fragments.push(Fragment { text: text.to_owned(), found });
            }
            found = piece.ends_with(MARKS[0]);
        }
        fragments.iter().any(|fragment| fragment.found).then_some(Self(fragments))
    }
}

impl Query for Finds {
    type Row = Find;

    fn statement(&self) -> Statement {
        let [open, close] = MARKS.map(u32::from);
        let fields = Field::ALL.iter().enumerate().map(|(at, field)| match field {
            Field::ClientName | Field::ClientEmail => {
                format!("highlight(passage_text, {at}, char({open}), char({close}))")
            }
            Field::Situation | Field::Message => {
                format!("snippet(passage_text, {at}, char({open}), char({close}), '…', {SNIPPET})")
            }
        });
        // The passages first: each is then looked up among the words, not the words' passages among these.
        let sql = format!(
            "SELECT p.sessionId, p.passageId, p.version, {} FROM json_each(?2) AS wanted CROSS JOIN passage_text
               CROSS JOIN passage_index AS p ON p.id = passage_text.rowid
             WHERE passage_text.rowid = wanted.value AND passage_text MATCH ?3 AND p.firmId = ?1
             ORDER BY p.passageId LIMIT {}",
            fields.collect::<Vec<_>>().join(", "),
            self.passages.len(),
        );
        let any = self.words.expressions().collect::<Vec<_>>().join(" OR ");
        let passages = self.passages.iter().map(i64::to_string).collect::<Vec<_>>().join(",");
        Statement::new(sql, vec![(&self.firm).into(), Param::text(format!("[{passages}]")), Param::text(any)])
    }

    fn decode(row: &dyn Row) -> Result<Find, journal::Error> {
        const FIRST: usize = 3;
        let t = Table::Passage;
        let mut fields = vec![];
        for (at, field) in Field::ALL.into_iter().enumerate() {
            if let Some(excerpt) = row.maybe_text(FIRST + at)?.and_then(Excerpt::read) {
                fields.push((field, excerpt));
            }
        }
        Ok(Find {
            session_id: parse(t, row, 0)?,
            passage_id: parse(t, row, 1)?,
            version: Version(unsigned(t, row, 2)?),
            fields,
        })
    }
}

/// Whether more than [`PASSAGES_MAX`] passages hold one of the words.
#[derive(Clone, Debug)]
pub struct IsCut(Words);

impl Query for IsCut {
    type Row = bool;

    fn statement(&self) -> Statement {
        let counts = (1..=self.0.count()).map(|at| {
            format!("SELECT 1 FROM passage_text WHERE passage_text MATCH ?{at} LIMIT 1 OFFSET {PASSAGES_MAX}")
        });
        let sql = counts.map(|count| format!("EXISTS ({count})")).collect::<Vec<_>>().join(" OR ");
        Statement::new(format!("SELECT {sql}"), self.0.expressions().map(Param::text).collect())
    }

    fn decode(row: &dyn Row) -> Result<bool, journal::Error> {
        Ok(row.integer(0)? != 0)
    }
}

/// What is gone with a conversation that is erased. Its passages are found by its entries: an index of their own over conversations, whose ids
/// lie anywhere, would cost each message more than all the rest of its passage, for what hardly ever happens.
pub fn erase(firm: &FirmId, conversation: ConversationId) -> Statement {
    let sql = "DELETE FROM passage_index WHERE firmId = ?1 AND passageId IN (SELECT auditId FROM audit_log_index
                 WHERE firmId = ?1 AND resourceType = 'conversation' AND resourceId = ?2)";
    Statement::new(sql, vec![firm.into(), conversation.into()])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_excerpt_sets_apart_what_is_marked() {
        let fragment = |text: &str, found| Fragment { text: text.to_owned(), found };
        let read = Excerpt::read("…a \u{2}late\u{3} \u{2}rent\u{3}").unwrap();
        let expected = [fragment("…a ", false), fragment("late", true), fragment(" ", false), fragment("rent", true)];
        assert_eq!(read.0, expected);
        assert_eq!(Excerpt::read("nothing"), None);
    }
}
