//! A journal as lines: page by page, or all of it.

use std::{fmt, ops::ControlFlow, str::FromStr};

use engage_domain::{FirmId, Invalid, Kind, Timestamp};

use super::{AnswerLine, Digits, FORMAT, JournalDigest, Line, ObjectHead};
use crate::{
    Error, Sql, Value,
    entry::Hash,
    read,
    sql::all,
    store::{self, key, version},
    turn::ObjectKey,
};

/// Entries, answers and heads read at a time.
const PAGE: i64 = 1_000;

/// How far a reader of a journal's lines has come. As text `e12`, `aNAME`, or with the object, where each has a journal of its own,
/// `conversation/01J…/e12`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The object, where each has a journal of its own.
    pub object: Option<ObjectKey>,
    /// The last line within it.
    pub last: Last,
}

/// The last line of a journal that was read.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum Last {
    /// The entry of that number; 0 before the first.
    Entry(i64),
    /// The answer to the command of that name.
    Answer(Box<str>),
}

impl Place {
    /// Before the first line.
    pub const START: Self = Self { object: None, last: Last::Entry(0) };
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(ObjectKey { kind, name }) = &self.object {
            write!(f, "{}/{name}/", kind.as_str())?;
        }
        match &self.last {
            Last::Entry(seq) => write!(f, "e{seq}"),
            Last::Answer(id) => write!(f, "a{id}"),
        }
    }
}

impl FromStr for Place {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let wrong = || Invalid::new("must be the next of the page before");
        let within = |text: &str| match text.split_at_checked(1) {
            Some(("e", seq)) => seq.parse().ok().filter(|seq| *seq >= 0).map(Last::Entry),
            Some(("a", id)) => Some(Last::Answer(id.into())),
            _ => None,
        };
        if let Some(last) = within(text) {
            return Ok(Self { object: None, last });
        }
        let mut parts = text.splitn(3, '/');
        let (Some(kind), Some(name), Some(last)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(wrong());
        };
        let kind = Kind::parse(kind).ok_or_else(wrong)?;
        let last = within(last).ok_or_else(wrong)?;
        Ok(Self { object: Some(ObjectKey { kind, name: name.into() }), last })
    }
}

/// A page of lines: entries and answers.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Page {
    /// The lines.
    pub lines: Vec<Line>,
    /// The last of them, to go on from.
    pub last: Last,
    /// Whether there may be more.
    pub more: bool,
}

/// The lines of one journal behind `last`: about `limit` of them, and not many more than `bytes` bytes of text; always at least one
/// where there is one.
pub fn page(sql: &mut dyn Sql, last: &Last, limit: i64, bytes: usize) -> Result<Page, Error> {
    let (mut lines, mut size, mut reached) = (vec![], 0, last.clone());
    let answers_after = match last {
        Last::Answer(id) => &**id,
        Last::Entry(seq) => {
            let (mut after, mut more) = (*seq, false);
            read::entries_after(sql, *seq, limit, &mut |entry| {
                size += entry.payload.as_ref().map_or(0, |payload| payload.len()) + entry.details.len();
                after = entry.seq;
                lines.push(Line::Entry(Box::new(entry.into())));
                more = size >= bytes || lines.len() as i64 >= limit;
                Ok(if more { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
            })?;
            if more {
                return Ok(Page { lines, last: Last::Entry(after), more });
            }
            reached = Last::Entry(after);
            ""
        }
    };
    let left = limit - lines.len() as i64;
    // An answer belongs to an object by its name: no two kinds share one.
    let text = "SELECT command.id, fingerprint, object, reply, at,
                       coalesce((SELECT kind FROM object WHERE object.name = command.object LIMIT 1), '')
                FROM command WHERE command.id > ?1 ORDER BY command.id LIMIT ?2";
    sql.query(text, &[Value::Text(answers_after), Value::Integer(left)], &mut |row| {
        let answer = AnswerLine {
            id: row.text(0)?.into(),
            fingerprint: Digits(Hash::try_from(row.blob(1)?)?.0),
            kind: row.text(5)?.into(),
            object: row.text(2)?.into(),
            reply: row.text(3)?.into(),
            at: store::parse(row, 4)?,
        };
        size += answer.reply.len();
        reached = Last::Answer(answer.id.clone());
        lines.push(Line::Answer(answer));
        Ok(if size >= bytes { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
    })?;
    let more = size >= bytes || lines.len() as i64 >= limit;
    Ok(Page { lines, last: reached, more })
}

/// At most `limit` heads of objects behind `after`, in the order of kind and name.
pub fn heads_after(sql: &mut dyn Sql, after: Option<&ObjectKey>, limit: i64) -> Result<Vec<ObjectHead>, Error> {
    let (kind, name) = after.map_or(("", ""), |after| (after.kind.as_str(), &*after.name));
    let text =
        "SELECT kind, name, version, hash FROM object WHERE (kind, name) > (?1, ?2) ORDER BY kind, name LIMIT ?3";
    all(sql, text, &[Value::Text(kind), Value::Text(name), Value::Integer(limit)], |row| {
        Ok(ObjectHead {
            key: key(row, 0, 1)?,
            version: version(row, 2)?,
            hash: Digits(Hash::try_from(row.blob(3)?)?.0),
        })
    })
}

pub(super) fn digest_of(sql: &mut dyn Sql) -> Result<Digits, Error> {
    let (mut digest, mut after) = (JournalDigest::default(), None);
    loop {
        let heads = heads_after(sql, after.as_ref(), PAGE)?;
        heads.iter().for_each(|head| digest.add(head.key.kind, &head.key.name, &head.hash));
        match heads.into_iter().next_back() {
            Some(last) => after = Some(last.key),
            None => return Ok(digest.finish()),
        }
    }
}

/// Shows `write` a firm's journal, line by line. The caller sees to it that all is read at one moment. Gives how many entries there are.
pub fn export(
    sql: &mut dyn Sql,
    firm: &FirmId,
    now: Timestamp,
    write: &mut dyn FnMut(&Line) -> Result<(), Error>,
) -> Result<u64, Error> {
    write(&Line::Journal { format: FORMAT, firm: firm.clone(), exported_at: now })?;
    let (mut last, mut entries) = (Last::Entry(0), 0);
    loop {
        let Page { lines, last: reached, more } = page(sql, &last, PAGE, usize::MAX)?;
        entries += lines.iter().filter(|line| matches!(line, Line::Entry(_))).count() as u64;
        lines.iter().try_for_each(&mut *write)?;
        if !more {
            break;
        }
        last = reached;
    }
    write(&Line::End { entries, digest: digest_of(sql)? })?;
    Ok(entries)
}
