//! A firm's journal taken out of its objects, or put into them.
//!
//! Guarantees: until the last line of a firm that is being brought in has come, its object answers nobody, so no other object of it is
//! reachable; lines are checked by the object that they belong to, the whole by the heads of all objects; nothing of an object runs before
//! the firm is whole, for its alarms are set when it is first compared with the index.

use std::collections::HashMap;

use engage_app::{Fault, runtime::JournalPage, screening::TableScreens, transfer::Landed};
use engage_domain::{Actor, Conversation, ConversationId, Firm, FirmId, Kind, User, UserId};
use engage_journal::{
    Error, Hosted, ObjectKey, Screens, Sql, Value,
    sql::first,
    transfer::{Import, JournalDigest, Last, Line, ObjectHead, Page, Place, heads_after, page},
};
use futures_util::future::{join_all, try_join_all};
use serde::de::DeserializeOwned;
use worker::Env;

use crate::{
    directory,
    maintenance::Walked,
    object::Object,
    platform,
    run::{Progress, Purpose},
    runtime::{Cloudflare, fault},
    wire::{self, Ask},
};

/// The table, in the firm's own storage: it has a row while the firm is being brought in.
pub(crate) const SCHEMA: &str = "CREATE TABLE IF NOT EXISTS arrival (id INTEGER PRIMARY KEY CHECK (id = 1)) STRICT;";

/// Objects asked side by side.
const OBJECTS: usize = 32;
/// Lines of one object in a page, and about how many bytes of text they are at most.
const LINES: i64 = 500;
const BYTES: usize = 256 * 1024;

/// What is asked of an object of whichever kind.
enum Of {
    Head,
    Walk,
    Lines(Last),
    TakeIn(Vec<Line>),
    Forget,
}

impl Of {
    fn question<C>(self) -> Ask<C> {
        match self {
            Self::Head => Ask::Head,
            Self::Walk => Ask::Walk,
            Self::Lines(last) => Ask::Lines(last),
            Self::TakeIn(lines) => Ask::TakeIn(lines),
            Self::Forget => Ask::Forget,
        }
    }
}

/// Asks an object of whichever kind.
async fn ask<T: DeserializeOwned>(env: &Env, firm: &FirmId, key: &ObjectKey, of: Of) -> Result<T, Error> {
    match key.kind {
        Kind::Conversation => wire::ask::<Conversation, T>(env, firm, &key.name, of.question()).await,
        Kind::User => wire::ask::<User, T>(env, firm, &key.name, of.question()).await,
        Kind::Firm => wire::ask::<Firm, T>(env, firm, &key.name, of.question()).await,
    }
}

impl<A: Hosted> Object<A> {
    /// A page of this object's lines.
    pub(crate) fn lines(&self, last: &Last) -> Result<Page, Error> {
        if !self.is_set_up() {
            return Ok(Page { lines: vec![], last: last.clone(), more: false });
        }
        page(&mut self.storage.clone(), last, LINES, BYTES)
    }

    /// The head of this object's chain.
    pub(crate) fn head(&self) -> Result<Option<ObjectHead>, Error> {
        if !self.is_set_up() {
            return Ok(None);
        }
        Ok(heads_after(&mut self.storage.clone(), None, 1)?.pop())
    }

    /// Puts lines into this object's journal, all or none; what is wrong with them.
    pub(crate) fn take_in(&self, firm: &FirmId, name: &str, lines: Vec<Line>) -> Result<Option<String>, Error> {
        self.set_up(firm, name)?;
        self.drop_live();
        let taken = self.storage.clone().transaction(|sql| {
            let mut import = Import::begin(sql, firm.clone())?;
            let mut screens = TableScreens;
            for line in lines {
                let screens: Option<&mut dyn Screens> = if A::KIND == Kind::Firm { Some(&mut screens) } else { None };
                import.take(sql, screens, line)?;
            }
            import.rest(sql)
        });
        match taken {
            Ok(()) => Ok(None),
            Err(Error::Refused(problem) | Error::Corrupt(problem)) => Ok(Some(problem)),
            Err(error) => Err(error),
        }
    }

    /// Whether this is a firm that is being brought in.
    pub(crate) fn is_arriving(&self) -> Result<bool, Error> {
        if A::KIND != Kind::Firm || !self.is_set_up() {
            return Ok(false);
        }
        if let Some(known) = self.arriving.get() {
            return Ok(known);
        }
        let sql = &mut self.storage.clone();
        // The tables of an object may be older than this one.
        sql.script(SCHEMA)?;
        let arriving = first(sql, "SELECT 1 FROM arrival", &[], |row| row.integer(0))?.is_some();
        self.arriving.set(Some(arriving));
        Ok(arriving)
    }

    /// Notes that objects of this firm are about to be brought in, under these names and for these commands; false where the firm is here.
    pub(crate) fn arrive(
        &self,
        firm: &FirmId,
        keys: &[ObjectKey],
        commands: &[(Box<str>, Box<str>)],
    ) -> Result<bool, Error> {
        if self.is_set_up() && !self.is_arriving()? && self.head()?.is_some() {
            return Ok(false);
        }
        self.set_up(firm, firm.as_str())?;
        self.storage.clone().transaction(|sql| {
            sql.script(SCHEMA)?;
            sql.execute("INSERT OR IGNORE INTO arrival (id) VALUES (1)", &[])?;
            keys.iter().try_for_each(|key| directory::note(sql, key.kind, &key.name))?;
            commands.iter().try_for_each(|(command, name)| {
                let params = [Value::Text(command), Value::Text(name)];
                sql.execute("INSERT OR IGNORE INTO enrolment (command, name) VALUES (?1, ?2)", &params).map(drop)
            })
        })?;
        self.arriving.set(Some(true));
        Ok(true)
    }

    /// The firm is whole: from here on it answers. Its index is written by a run that goes on by itself.
    pub(crate) fn arrived(&self) -> Result<Progress, Error> {
        self.storage
            .clone()
            .transaction(|sql| {
                sql.execute("DELETE FROM arrival", &[])?;
                self.begin_run(Actor::SYSTEM, Purpose::Fill)
            })
            .inspect(|_| self.arriving.set(Some(false)))
    }

    /// The heads of a page of the firm's objects, and the last object that was looked at where there may be more.
    pub(crate) async fn heads(
        &self,
        firm: &FirmId,
        after: Option<ObjectKey>,
        limit: i64,
    ) -> Result<(Vec<ObjectHead>, Option<ObjectKey>), Error> {
        let keys = directory::page(&mut self.storage.clone(), after.as_ref(), limit)?;
        let mut heads = vec![];
        for some in keys.chunks(OBJECTS) {
            let asked = some.iter().map(|key| async move {
                // An object that asks itself would wait for itself.
                if key.kind == A::KIND { self.head() } else { ask(&self.env, firm, key, Of::Head).await }
            });
            heads.extend(try_join_all(asked).await?.into_iter().flatten());
        }
        let next = keys.last().filter(|_| keys.len() as i64 == limit).cloned();
        Ok((heads, next))
    }

    /// Has the next objects of this firm walk along their chains, side by side.
    pub(crate) async fn walks(&self, firm: &FirmId, after: Option<&ObjectKey>) -> Result<Vec<Walked>, Error> {
        let keys = directory::page(&mut self.storage.clone(), after, OBJECTS as i64)?;
        let asked = keys.iter().map(|key| async move {
            // An object that asks itself would wait for itself.
            if key.kind == A::KIND { self.walk(firm, &key.name) } else { ask(&self.env, firm, key, Of::Walk).await }
        });
        try_join_all(asked).await
    }

    /// Takes away some objects of a firm that is being brought in, and the firm when there are no more; whether there is more to do.
    pub(crate) async fn abandon(&self, firm: &FirmId) -> Result<bool, Error> {
        let mut sql = self.storage.clone();
        let keys = directory::page(&mut sql, None, OBJECTS as i64)?;
        let others: Vec<_> = keys.into_iter().filter(|key| key.kind != Kind::Firm).collect();
        if others.is_empty() && directory::page(&mut sql, None, 2)?.len() < 2 {
            self.forget().await?;
            return Ok(false);
        }
        try_join_all(others.iter().map(|key| ask::<()>(&self.env, firm, key, Of::Forget))).await?;
        for key in &others {
            let params = [Value::Text(key.kind.as_str()), Value::Text(&key.name)];
            sql.execute("DELETE FROM directory WHERE kind = ?1 AND name = ?2", &params)?;
        }
        Ok(true)
    }

    /// Takes away everything that this object holds.
    pub(crate) async fn forget(&self) -> Result<(), Error> {
        platform::delete_all(&self.state).await?;
        self.drop_live();
        self.begin_anew();
        Ok(())
    }
}

impl Cloudflare {
    /// A page of the lines of a firm, object by object.
    pub(crate) async fn lines_of(&self, firm: &FirmId, after: Place) -> Result<JournalPage, Fault> {
        let mut begun: Vec<_> = after.object.iter().map(|key| (key.clone(), after.last.clone())).collect();
        let page = Ask::Directory { after: after.object, limit: OBJECTS as i64 };
        let keys: Vec<ObjectKey> = self.ask::<Firm, _>(firm, firm.as_str(), page).await?;
        let more = keys.len() == OBJECTS;
        begun.extend(keys.into_iter().map(|key| (key, Last::Entry(0))));
        let asked = begun.iter().map(|(key, last)| ask::<Page>(self.env(), firm, key, Of::Lines(last.clone())));
        let (mut lines, mut reached) = (vec![], None);
        for ((key, _), page) in begun.iter().zip(join_all(asked).await) {
            let page = page.map_err(fault)?;
            lines.extend(page.lines);
            reached = Some(Place { object: Some(key.clone()), last: page.last });
            if page.more {
                return Ok(JournalPage { lines, next: reached });
            }
        }
        Ok(JournalPage { lines, next: reached.filter(|_| more) })
    }

    /// Gives lines to the objects that they belong to.
    pub(crate) async fn take_in(&self, firm: &FirmId, lines: Vec<Line>) -> Result<Landed, Fault> {
        let (mut groups, mut commands, mut end) = (HashMap::<ObjectKey, Vec<Line>>::new(), vec![], None);
        for line in lines {
            let (kind, name) = match &line {
                Line::Journal { .. } => continue,
                Line::End { digest, .. } => {
                    end = Some(*digest);
                    continue;
                }
                Line::Entry(entry) => (&entry.kind, &entry.object),
                Line::Answer(answer) => (&answer.kind, &answer.object),
            };
            let Some(key) = addressed(firm, kind, name) else {
                return Ok(Landed::Refused(format!("there can be no object {kind}/{name} in {firm}")));
            };
            if let Line::Answer(answer) = &line
                && key.kind != Kind::Firm
            {
                commands.push((answer.id.clone(), key.name.clone()));
            }
            groups.entry(key).or_default().push(line);
        }
        let keys = groups.keys().cloned().collect();
        if !self.ask::<Firm, bool>(firm, firm.as_str(), Ask::Arrive { keys, commands }).await? {
            return Ok(Landed::Exists);
        }
        let mut groups = groups.into_iter();
        loop {
            let some: Vec<_> = groups.by_ref().take(OBJECTS).collect();
            if some.is_empty() {
                break;
            }
            let asked = some.into_iter().map(|(key, lines)| async move {
                ask::<Option<String>>(self.env(), firm, &key, Of::TakeIn(lines)).await
            });
            if let Some(problem) = try_join_all(asked).await.map_err(fault)?.into_iter().flatten().next() {
                return Ok(Landed::Refused(problem));
            }
        }
        let Some(sent) = end else { return Ok(Landed::Partly) };
        let (mut digest, mut after) = (JournalDigest::default(), None);
        loop {
            let (heads, next) = self.heads_of(firm, after, OBJECTS as i64).await?;
            heads.iter().for_each(|head| digest.add(head.key.kind, &head.key.name, &head.hash));
            match next {
                Some(next) => after = Some(next),
                None => break,
            }
        }
        let found = digest.finish();
        if found != sent {
            return Ok(Landed::Refused(format!("what came has the digest {found}, what was sent {sent}")));
        }
        self.ask::<Firm, Progress>(firm, firm.as_str(), Ask::Arrived).await?;
        Ok(Landed::Whole)
    }

    pub(crate) async fn heads_of(
        &self,
        firm: &FirmId,
        after: Option<ObjectKey>,
        limit: i64,
    ) -> Result<(Vec<ObjectHead>, Option<ObjectKey>), Fault> {
        self.ask::<Firm, _>(firm, firm.as_str(), Ask::Heads { after, limit }).await
    }

    pub(crate) async fn forget_lines(&self, firm: &FirmId) -> Result<(), Fault> {
        while self.ask::<Firm, bool>(firm, firm.as_str(), Ask::Abandon).await? {}
        Ok(())
    }
}

/// The object of that kind and name, if there can be such a one in the firm.
fn addressed(firm: &FirmId, kind: &str, name: &str) -> Option<ObjectKey> {
    let kind = Kind::parse(kind)?;
    let can_be = match kind {
        Kind::Conversation => name.parse::<ConversationId>().is_ok(),
        Kind::User => name.parse::<UserId>().is_ok(),
        Kind::Firm => name == firm.as_str(),
    };
    can_be.then(|| ObjectKey { kind, name: name.into() })
}
