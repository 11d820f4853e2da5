//! A container of `engage_screening` in SQL tables: the same keys and words as in memory, in a database that is opened already.

use std::{borrow::Cow, cell::RefCell, ops::ControlFlow};

use engage_journal::{Error, Row, Sql, Value, sql::first};
use engage_screening::{
    Class, Entry, Handle, Identifier, Kind, NameId, Store, StoreMut, Term, Word, WordId,
    keys::{self, Key, PreparedName, PreparedWord},
};

/// Bytes of a term as it is stored.
const TERM: usize = 5;
/// Entries of lists that one search walks to find names with two common words: each is a row read.
pub(super) const WALK_MAX: usize = 4_000;
/// The kinds by their stored numbers.
const KINDS: [Kind; 4] = [Kind::Person, Kind::Organisation, Kind::Matter, Kind::Unknown];

/// One screen's tables, for one search or one change.
///
/// Reads and writes of a container cannot fail, so the first error is kept here and nothing is found or written from then on:
/// [`Tables::done`] tells, before anybody believes the answer.
pub(super) struct Tables<'a> {
    screen: i64,
    sql: RefCell<&'a mut dyn Sql>,
    error: RefCell<Option<Error>>,
}

impl<'a> Tables<'a> {
    pub(super) fn new(sql: &'a mut dyn Sql, screen: i64) -> Self {
        Self { screen, sql: RefCell::new(sql), error: RefCell::new(None) }
    }

    /// The first error that was met.
    pub(super) fn done(&self) -> Result<(), Error> {
        self.error.take().map_or(Ok(()), Err)
    }

    /// Does something with the database, unless an error was met before; what it gives then, and after an error, is the default.
    fn with<T: Default>(&self, work: impl FnOnce(&mut dyn Sql) -> Result<T, Error>) -> T {
        if self.error.borrow().is_some() {
            return T::default();
        }
        work(&mut **self.sql.borrow_mut()).unwrap_or_else(|error| {
            self.error.replace(Some(error));
            T::default()
        })
    }

    fn execute(&self, text: &str, params: &[Value<'_>]) {
        self.with(|sql| sql.execute(text, params).map(drop));
    }

    /// Numbers that a statement gives, at most `most`; read before they are visited, for whoever visits asks more.
    fn numbers(&self, text: &str, params: &[Value<'_>], most: usize) -> Vec<u32> {
        self.with(|sql| {
            let mut found = vec![];
            sql.query(text, params, &mut |row| {
                if found.len() < most {
                    found.push(number(row, 0)?);
                }
                Ok(if found.len() < most { ControlFlow::Continue(()) } else { ControlFlow::Break(()) })
            })?;
            Ok(found)
        })
    }

    fn intern(&self, word: &PreparedWord) -> u32 {
        let params = [Value::Integer(self.screen), Value::Text(&word.text), Value::Integer(word.bare.into())];
        let text = "SELECT id FROM screen_word WHERE screen = ?1 AND text = ?2 AND bare = ?3";
        if let Some(id) = self.with(|sql| first(sql, text, &params, |row| number(row, 0))) {
            return id;
        }
        let id = self.with(|sql| {
            let params = [params[0], params[1], params[2], Value::Text(&word.sounds)];
            let text = "INSERT INTO screen_word (screen, text, bare, sounds) VALUES (?1, ?2, ?3, ?4) RETURNING id";
            first(sql, text, &params, |row| number(row, 0)).map(Option::unwrap_or_default)
        });
        for key in word.keys() {
            let params = [Value::Integer(self.screen), Value::Integer(key.0.into()), Value::Integer(id.into())];
            self.execute("INSERT OR IGNORE INTO screen_word_key (screen, key, word) VALUES (?1, ?2, ?3)", &params);
        }
        id
    }

    fn count(&self, names: i64) {
        let params = [Value::Integer(self.screen), Value::Integer(names)];
        self.execute("UPDATE screen SET names = names + ?2 WHERE id = ?1", &params);
    }

    fn add_name(&self, party: Handle, name: &PreparedName, more: &[Key]) {
        let mut terms = Vec::with_capacity(name.words.len() * TERM);
        let mut identifying = vec![];
        for word in &name.words {
            let id = self.intern(word);
            terms.extend_from_slice(&id.to_le_bytes());
            terms.push(word.class as u8);
            if word.class.identifies() && !identifying.contains(&id) {
                identifying.push(id);
            }
        }
        let kind = KINDS.iter().position(|kind| *kind == name.kind).unwrap_or(KINDS.len() - 1);
        let params = [
            Value::Integer(self.screen),
            Value::Integer(party.0.into()),
            Value::Text(&name.text),
            Value::Integer(kind as i64),
            Value::Integer(name.alias.into()),
            Value::Blob(&terms),
        ];
        let text = "INSERT INTO screen_name (screen, party, text, kind, alias, terms) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
                    RETURNING id";
        let id = self.with(|sql| first(sql, text, &params, |row| row.integer(0)).map(Option::unwrap_or_default));
        for word in identifying {
            let params = [Value::Integer(word.into()), Value::Integer(id)];
            self.execute("INSERT INTO screen_name_word (word, name) VALUES (?1, ?2)", &params);
            self.execute("UPDATE screen_word SET names = names + 1 WHERE id = ?1", &params[..1]);
        }
        for key in name.whole.iter().chain(more) {
            let params = [Value::Integer(self.screen), Value::Integer(key.0.into()), Value::Integer(id)];
            self.execute("INSERT OR IGNORE INTO screen_name_key (screen, key, name) VALUES (?1, ?2, ?3)", &params);
        }
    }
}

fn number(row: &dyn Row, at: usize) -> Result<u32, Error> {
    let number = row.integer(at)?;
    u32::try_from(number).map_err(|_| Error::Corrupt(format!("number {number} in a screen")))
}

fn terms_of(bytes: &[u8]) -> impl Iterator<Item = Term> {
    bytes.chunks_exact(TERM).map(|term| Term {
        word: WordId(u32::from_le_bytes([term[0], term[1], term[2], term[3]])),
        class: Class::ALL.get(usize::from(term[4])).copied().unwrap_or(Class::Word),
    })
}

impl Store for Tables<'_> {
    fn names(&self) -> u32 {
        let params = [Value::Integer(self.screen)];
        self.with(|sql| first(sql, "SELECT names FROM screen WHERE id = ?1", &params, |row| number(row, 0)))
            .unwrap_or_default()
    }

    fn words_with(&self, key: Key, most: usize, visit: &mut dyn FnMut(WordId)) {
        let params = [Value::Integer(self.screen), Value::Integer(key.0.into())];
        let text = "SELECT word FROM screen_word_key WHERE screen = ?1 AND key = ?2 ORDER BY word";
        self.numbers(text, &params, most).into_iter().for_each(|word| visit(WordId(word)));
    }

    fn word(&self, id: WordId) -> Word<'_> {
        let text = "SELECT text, sounds, bare, names FROM screen_word WHERE id = ?1";
        let word = self.with(|sql| {
            first(sql, text, &[Value::Integer(id.0.into())], |row| {
                let (text, sounds) = (row.text(0)?.to_owned(), row.text(1)?.to_owned());
                Ok((text, sounds, row.integer(2)? == 1, number(row, 3)?))
            })
        });
        let (text, sounds, bare, names) = word.unwrap_or_default();
        Word { text: Cow::Owned(text), sounds: Cow::Owned(sounds), bare, names }
    }

    fn names_of(&self, id: WordId, most: usize, visit: &mut dyn FnMut(NameId)) {
        let text = "SELECT name FROM screen_name_word WHERE word = ?1 ORDER BY name";
        let names = self.numbers(text, &[Value::Integer(id.0.into())], most);
        names.into_iter().for_each(|name| visit(NameId(name)));
    }

    fn names_with(&self, key: Key, most: usize, visit: &mut dyn FnMut(NameId)) {
        let params = [Value::Integer(self.screen), Value::Integer(key.0.into())];
        let text = "SELECT name FROM screen_name_key WHERE screen = ?1 AND key = ?2 ORDER BY name";
        self.numbers(text, &params, most).into_iter().for_each(|name| visit(NameId(name)));
    }

    fn terms(&self, id: NameId, terms: &mut Vec<Term>) {
        terms.clear();
        let text = "SELECT terms FROM screen_name WHERE id = ?1";
        self.with(|sql| {
            let params = [Value::Integer(id.0.into())];
            first(sql, text, &params, |row| {
                terms.extend(terms_of(row.blob(0)?));
                Ok(())
            })
            .map(drop)
        });
    }

    fn entry(&self, id: NameId) -> Entry<'_> {
        let text = "SELECT party, text, kind, alias FROM screen_name WHERE id = ?1";
        let entry = self.with(|sql| {
            first(sql, text, &[Value::Integer(id.0.into())], |row| {
                Ok((number(row, 0)?, row.text(1)?.to_owned(), number(row, 2)?, row.integer(3)? == 1))
            })
        });
        let (party, text, kind, alias) = entry.unwrap_or_default();
        let kind = KINDS.get(kind as usize).copied().unwrap_or_default();
        Entry { party: Handle(party), text: Cow::Owned(text), kind, alias }
    }

    fn walk_max(&self) -> usize {
        WALK_MAX
    }

    fn identifiers(&self, party: Handle) -> Cow<'_, [Identifier]> {
        let text = "SELECT identifiers FROM screen_identifiers WHERE screen = ?1 AND party = ?2";
        let params = [Value::Integer(self.screen), Value::Integer(party.0.into())];
        let found = self.with(|sql| {
            first(sql, text, &params, |row| {
                let told = |error| Error::Corrupt(format!("identifiers in a screen: {error}"));
                serde_json::from_str(row.text(0)?).map_err(told)
            })
        });
        Cow::Owned(found.unwrap_or_default())
    }
}

impl StoreMut for Tables<'_> {
    fn add(&mut self, party: Handle, names: &[PreparedName], identifiers: &[Identifier]) {
        let of_party: Vec<_> = identifiers.iter().filter(|one| one.finds()).map(keys::identifier).collect();
        for (at, name) in names.iter().enumerate() {
            self.add_name(party, name, if at == 0 { &of_party } else { &[] });
        }
        self.count(names.len() as i64);
        if !identifiers.is_empty() {
            let text = serde_json::to_string(identifiers).unwrap_or_default();
            let params = [Value::Integer(self.screen), Value::Integer(party.0.into()), Value::Text(&text)];
            self.execute("INSERT INTO screen_identifiers (screen, party, identifiers) VALUES (?1, ?2, ?3)", &params);
        }
    }

    fn forget(&mut self, party: Handle) -> bool {
        let params = [Value::Integer(self.screen), Value::Integer(party.0.into())];
        let text = "SELECT id FROM screen_name WHERE screen = ?1 AND party = ?2";
        let names = self.numbers(text, &params, usize::MAX);
        for name in &names {
            let mut terms = vec![];
            self.terms(NameId(*name), &mut terms);
            let mut words: Vec<_> =
                terms.iter().filter(|term| term.class.identifies()).map(|term| term.word.0).collect();
            words.sort_unstable();
            words.dedup();
            let name = Value::Integer(i64::from(*name));
            for word in words {
                let word = Value::Integer(word.into());
                self.execute("DELETE FROM screen_name_word WHERE word = ?1 AND name = ?2", &[word, name]);
                self.execute("UPDATE screen_word SET names = names - 1 WHERE id = ?1", &[word]);
            }
            self.execute("DELETE FROM screen_name_key WHERE name = ?1", &[name]);
            self.execute("DELETE FROM screen_name WHERE id = ?1", &[name]);
        }
        if !names.is_empty() {
            self.count(-(names.len() as i64));
            self.execute("DELETE FROM screen_identifiers WHERE screen = ?1 AND party = ?2", &params);
        }
        !names.is_empty()
    }
}
