-- One firm's journal, migration 2: what its registry knows, and what conversations are yet to be told of it. The rows follow from the
-- firm's entries and are written with them.

-- The parties, numbered in the order in which they were registered. Screens call them by their numbers.
CREATE TABLE party (
  number INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  conversation TEXT,
  role TEXT NOT NULL CHECK (role IN ('client', 'opposing_party', 'related_entity', 'matter')),
  record TEXT NOT NULL           -- JSON: the party, its side, its latest screening
) STRICT;

CREATE INDEX party_conversation ON party (conversation) WHERE conversation IS NOT NULL;
CREATE INDEX party_role ON party (role);

-- The conflicts. `version` and `seq` are those of the firm's event that touched it last.
CREATE TABLE conflict (
  id TEXT PRIMARY KEY,
  conversation TEXT,             -- of the party that came later
  other TEXT,                    -- of the party that was known
  open INTEGER NOT NULL CHECK (open IN (0, 1)),
  declined TEXT,                 -- the conversation in whose way a confirmed conflict stays
  version INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  record TEXT NOT NULL           -- JSON
) STRICT, WITHOUT ROWID;

CREATE INDEX conflict_conversation ON conflict (conversation) WHERE conversation IS NOT NULL;
CREATE INDEX conflict_other ON conflict (other) WHERE other IS NOT NULL;

-- What conversations are yet to be told: posted with the event that leads to it, removed once the conversation has taken it in.
CREATE TABLE letter (
  id INTEGER PRIMARY KEY,
  version INTEGER NOT NULL,      -- the firm's, of that event
  outcome TEXT NOT NULL,         -- JSON
  due TEXT NOT NULL              -- when it is to be delivered, or tried again
) STRICT;

CREATE INDEX letter_due ON letter (due);
