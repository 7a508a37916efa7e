-- Why: everything a sale needs to be decided, proved and resumed after a crash. Keys ascend and no table of the sale
-- transaction has a secondary index: a purchase appends to `ledger` and `orders` and nothing else.
-- Money is whole VND, times are unix milliseconds in UTC.

CREATE TABLE meta (
  key   TEXT PRIMARY KEY,
  value BLOB NOT NULL
) STRICT, WITHOUT ROWID;

-- The truth: every event, chained. hash = SHA-256(previous hash, then each other column with its length before it).
CREATE TABLE ledger (
  seq     INTEGER PRIMARY KEY,
  at      INTEGER NOT NULL,
  source  INTEGER NOT NULL, -- the writer's start that made the row: (source, seq) names an event everywhere
  drop_id INTEGER NOT NULL, -- 0 when the event is of no drop
  kind    TEXT    NOT NULL,
  version INTEGER NOT NULL,
  operator TEXT   NOT NULL, -- who asked for it, '' when no person did
  payload BLOB    NOT NULL, -- never holds a buyer's personal data
  hash    BLOB    NOT NULL CHECK (length(hash) = 32)
) STRICT;

CREATE TABLE products (
  product_id  INTEGER PRIMARY KEY,
  name        TEXT NOT NULL,
  description TEXT NOT NULL,
  image_url   TEXT NOT NULL
) STRICT;

CREATE TABLE drops (
  drop_id              INTEGER PRIMARY KEY,
  slug                 TEXT    NOT NULL UNIQUE,
  product_id           INTEGER NOT NULL REFERENCES products,
  format               INTEGER NOT NULL,
  size                 INTEGER NOT NULL CHECK (size > 0),
  price                INTEGER NOT NULL CHECK (price > 0),
  opens_at             INTEGER NOT NULL,
  closes_at            INTEGER,
  limit_per_customer   INTEGER NOT NULL CHECK (limit_per_customer > 0),
  hold_seconds         INTEGER NOT NULL CHECK (hold_seconds > 0),
  late_payment_seconds INTEGER NOT NULL CHECK (late_payment_seconds >= 0),
  first_order_code     INTEGER NOT NULL -- its orders have this code or a later one
) STRICT;

-- One row a drop, written once a batch. The checks are a second guard: the core already refuses.
CREATE TABLE drop_counters (
  drop_id   INTEGER PRIMARY KEY REFERENCES drops,
  status    INTEGER NOT NULL,
  available INTEGER NOT NULL CHECK (available >= 0),
  held      INTEGER NOT NULL CHECK (held >= 0),
  sold      INTEGER NOT NULL CHECK (sold >= 0),
  withdrawn INTEGER NOT NULL CHECK (withdrawn >= 0)
) STRICT;

CREATE TABLE orders (
  order_code    INTEGER PRIMARY KEY,
  drop_id       INTEGER NOT NULL,
  state         INTEGER NOT NULL,
  superseded_by INTEGER,
  settling      INTEGER NOT NULL,
  link_state    INTEGER NOT NULL,
  quantity      INTEGER NOT NULL CHECK (quantity > 0),
  amount        INTEGER NOT NULL CHECK (amount > 0),
  applied       INTEGER NOT NULL CHECK (applied BETWEEN 0 AND amount),
  ordered_at    INTEGER NOT NULL,
  pay_by        INTEGER NOT NULL,
  ended_at      INTEGER,
  sub           BLOB    NOT NULL,
  sid           BLOB    NOT NULL,
  jti           BLOB    NOT NULL,
  region        TEXT    NOT NULL,
  buyer_commit  BLOB    NOT NULL,
  -- Personal data, outside the chain; erasure sets these to NULL.
  salt          BLOB,
  name          TEXT,
  phone         TEXT,
  email         TEXT,
  province_code TEXT,
  address_line  TEXT
) STRICT;

CREATE TABLE links (
  order_code     INTEGER PRIMARY KEY,
  link_id        TEXT NOT NULL,
  checkout_url   TEXT NOT NULL,
  qr_code        TEXT, -- the five that follow are NULL together, for a link that had to be found again
  bank_bin       TEXT,
  account_number TEXT,
  account_name   TEXT,
  memo           TEXT
) STRICT;

-- The amount is part of the key because the same transfer reported with another amount is kept, as disputed.
CREATE TABLE payments (
  order_code  INTEGER NOT NULL,
  link        TEXT    NOT NULL,
  reference   TEXT    NOT NULL,
  amount      INTEGER NOT NULL CHECK (amount > 0),
  paid_at     INTEGER NOT NULL,
  recorded_at INTEGER NOT NULL,
  state       INTEGER NOT NULL,
  settled     INTEGER NOT NULL,
  PRIMARY KEY (order_code, link, reference, amount)
) STRICT, WITHOUT ROWID;

CREATE TABLE refunds (
  order_code INTEGER NOT NULL,
  number     INTEGER NOT NULL,
  amount     INTEGER NOT NULL CHECK (amount > 0),
  reason     INTEGER NOT NULL,
  state      INTEGER NOT NULL,
  PRIMARY KEY (order_code, number)
) STRICT, WITHOUT ROWID;

-- Money that named no order of ours.
CREATE TABLE unmatched_payments (
  order_code  INTEGER NOT NULL,
  link        TEXT    NOT NULL,
  reference   TEXT    NOT NULL,
  amount      INTEGER NOT NULL CHECK (amount > 0),
  paid_at     INTEGER NOT NULL,
  recorded_at INTEGER NOT NULL,
  PRIMARY KEY (order_code, link, reference, amount)
) STRICT, WITHOUT ROWID;

-- How far each outgoing channel has read the ledger, and what it still owes from before.
CREATE TABLE outbox_cursors (
  channel TEXT PRIMARY KEY,
  seq     INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE outbox_retries (
  channel TEXT    NOT NULL,
  seq     INTEGER NOT NULL,
  attempt INTEGER NOT NULL,
  due_at  INTEGER NOT NULL,
  PRIMARY KEY (channel, seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE revoked_tokens (
  jti BLOB PRIMARY KEY
) STRICT, WITHOUT ROWID;
