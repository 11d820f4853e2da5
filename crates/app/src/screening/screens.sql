-- The keys, words and names of a firm's screens, for hosts whose memory is too small for them. They follow from the parties' rows and can
-- be made anew at any time. `screen` says whose: 0 clients, 1 opposing parties, 2 matters.

CREATE TABLE screen (
  id INTEGER PRIMARY KEY,
  names INTEGER NOT NULL DEFAULT 0       -- how many it holds
) STRICT;

INSERT INTO screen (id) VALUES (0), (1), (2);

CREATE TABLE screen_word (
  id INTEGER PRIMARY KEY,
  screen INTEGER NOT NULL,
  text TEXT NOT NULL,
  bare INTEGER NOT NULL,
  sounds TEXT NOT NULL,
  names INTEGER NOT NULL DEFAULT 0,      -- how many names it identifies
  UNIQUE (screen, text, bare)
) STRICT;

CREATE TABLE screen_word_key (
  screen INTEGER NOT NULL,
  key INTEGER NOT NULL,
  word INTEGER NOT NULL,
  PRIMARY KEY (screen, key, word)
) STRICT, WITHOUT ROWID;

CREATE TABLE screen_name (
  id INTEGER PRIMARY KEY,
  screen INTEGER NOT NULL,
  party INTEGER NOT NULL,
  text TEXT NOT NULL,
  kind INTEGER NOT NULL,
  alias INTEGER NOT NULL,
  terms BLOB NOT NULL                    -- of each word its number, four bytes, the lowest first, and its class
) STRICT;

CREATE INDEX screen_name_party ON screen_name (screen, party);

-- Of each word the names that it identifies.
CREATE TABLE screen_name_word (
  word INTEGER NOT NULL,
  name INTEGER NOT NULL,
  PRIMARY KEY (word, name)
) STRICT, WITHOUT ROWID;

-- The keys of whole names and of identifiers.
CREATE TABLE screen_name_key (
  screen INTEGER NOT NULL,
  key INTEGER NOT NULL,
  name INTEGER NOT NULL,
  PRIMARY KEY (screen, key, name)
) STRICT, WITHOUT ROWID;

CREATE INDEX screen_name_key_name ON screen_name_key (name);

CREATE TABLE screen_identifiers (
  screen INTEGER NOT NULL,
  party INTEGER NOT NULL,
  identifiers TEXT NOT NULL,             -- JSON
  PRIMARY KEY (screen, party)
) STRICT, WITHOUT ROWID;
