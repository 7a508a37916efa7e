-- Why: orders are searched by what the sale never indexes. Everything here follows from the ledger and sale.db, so a file
-- that is damaged, or was made by other migrations, is thrown away and filled again. The buyer's columns are personal data.

-- How far the ledger has been read, and the hash of that row: a ledger without it is another one, or an older one.
CREATE TABLE fed (
  id   INTEGER PRIMARY KEY CHECK (id = 1),
  seq  INTEGER NOT NULL,
  at   INTEGER NOT NULL,
  hash BLOB    NOT NULL CHECK (length(hash) = 32)
) STRICT;
INSERT INTO fed VALUES (1, 0, 0, zeroblob(32));

CREATE TABLE drops (
  drop_id    INTEGER PRIMARY KEY,
  product_id INTEGER NOT NULL
) STRICT;

-- An index ends with the order code by itself, so each gives its orders by age.
CREATE TABLE orders (
  order_code INTEGER PRIMARY KEY,
  drop_id    INTEGER NOT NULL,
  product_id INTEGER NOT NULL,
  state      TEXT    NOT NULL,
  region     TEXT    NOT NULL,
  quantity   INTEGER NOT NULL,
  amount     INTEGER NOT NULL,
  ordered_at INTEGER NOT NULL,
  -- Of a paid order: what came in for it, and what of that is owed back or was sent back. Otherwise 0.
  gross      INTEGER NOT NULL CHECK (gross >= 0),
  refunded   INTEGER NOT NULL CHECK (refunded BETWEEN 0 AND gross),
  -- NULL after an erasure.
  phone      TEXT,
  email      TEXT, -- lower case; NULL where there is none
  name       TEXT  -- its words without diacritics, in lower case
) STRICT;
CREATE INDEX orders_by_drop ON orders (drop_id);
CREATE INDEX orders_by_product ON orders (product_id);
CREATE INDEX orders_by_state ON orders (state);
CREATE INDEX orders_by_region ON orders (region);
CREATE INDEX orders_by_amount ON orders (amount);
CREATE INDEX orders_by_time ON orders (ordered_at);
CREATE INDEX orders_by_phone ON orders (phone) WHERE phone IS NOT NULL;
CREATE INDEX orders_by_email ON orders (email) WHERE email IS NOT NULL;

-- Which orders have a word in their name. Words come divided and folded, so the tokenizer only splits at blanks. A search
-- by the beginning of a word looks up the whole words first: then the index gives orders by age without sorting.
CREATE VIRTUAL TABLE names USING fts5 (name, content = '', columnsize = 0, detail = none, tokenize = 'ascii');
INSERT INTO names (names, rank) VALUES ('secure-delete', 1);
CREATE TABLE words (
  word   TEXT PRIMARY KEY,
  orders INTEGER NOT NULL CHECK (orders > 0)
) STRICT, WITHOUT ROWID;

-- The ledger rows of each order.
CREATE TABLE order_rows (
  order_code INTEGER NOT NULL,
  seq        INTEGER NOT NULL,
  PRIMARY KEY (order_code, seq)
) STRICT, WITHOUT ROWID;

-- The ledger rows that an operator asked for.
CREATE TABLE operator_rows (
  seq      INTEGER PRIMARY KEY,
  operator TEXT NOT NULL
) STRICT;
CREATE INDEX operator_rows_by_operator ON operator_rows (operator);
