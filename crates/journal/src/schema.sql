-- One firm's journal, migration 1. Everything else in the product can be derived from it.

-- Which migrations this file has been through (a Durable Object has no PRAGMA user_version).
CREATE TABLE migration (
  version INTEGER PRIMARY KEY,
  at TEXT NOT NULL
) STRICT;

-- The directory of objects, each with the head of its chain. Written once an object and batch.
CREATE TABLE object (
  id INTEGER PRIMARY KEY,
  kind TEXT NOT NULL CHECK (kind IN ('conversation', 'user', 'firm')),
  name TEXT NOT NULL,
  version INTEGER NOT NULL,
  hash BLOB NOT NULL,
  seq INTEGER NOT NULL,         -- its last entry
  last_event INTEGER NOT NULL,  -- its last entry that is an event
  UNIQUE (kind, name)
) STRICT;

-- The append-only log. `object` names a row above; it is no declared foreign key, which would be looked up at each insert.
CREATE TABLE entry (
  seq INTEGER PRIMARY KEY,
  object INTEGER NOT NULL,
  prev INTEGER NOT NULL,  -- the number of the object's event before this entry; 0 when it is the first
  version INTEGER NOT NULL,
  id TEXT NOT NULL,
  at TEXT NOT NULL,
  actor TEXT NOT NULL,
  action TEXT NOT NULL,
  outcome TEXT NOT NULL CHECK (outcome IN ('success', 'failure', 'blocked')),
  details TEXT NOT NULL,
  schema INTEGER,      -- the event's schema version; NULL for an access entry, which changes no state
  payload TEXT,        -- the event; NULL for an access entry, and after an erasure
  payload_hash BLOB NOT NULL,
  prev_hash BLOB NOT NULL,
  hash BLOB NOT NULL,
  command_id TEXT
) STRICT;

-- Every 64th event of an object: where a walk along the links begins that does not begin at the end.
CREATE UNIQUE INDEX entry_mark ON entry (object, version) WHERE schema IS NOT NULL AND version % 64 = 0;

-- An object's state at a version, to spare the replay of what came before. Never holds messages.
CREATE TABLE snapshot (
  object INTEGER PRIMARY KEY,
  version INTEGER NOT NULL,
  schema INTEGER NOT NULL,
  state TEXT NOT NULL
) STRICT;

-- The first answers to commands that their callers named, kept for a while.
CREATE TABLE command (
  id TEXT PRIMARY KEY,
  fingerprint BLOB NOT NULL,
  object TEXT NOT NULL,
  reply TEXT NOT NULL,
  at TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX command_at ON command (at);

-- What is unique among objects, such as an e-mail address among users, and who holds it.
CREATE TABLE claim (
  key TEXT PRIMARY KEY,
  holder TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- When an object wants to be woken; at most one alarm an object.
CREATE TABLE alarm (
  object INTEGER PRIMARY KEY,
  due TEXT NOT NULL
) STRICT;

CREATE INDEX alarm_due ON alarm (due);
