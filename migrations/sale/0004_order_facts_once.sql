-- Why: an order's facts were written twice, into the ledger and into its row, and a purchase pays for every byte and every
-- value of both. The row now keeps what can change and the buyer's details, and names the ledger row that has the facts.

ALTER TABLE orders RENAME TO orders_with_facts;

CREATE TABLE orders (
  order_code    INTEGER PRIMARY KEY,
  placed        INTEGER NOT NULL, -- seq of the ledger row that placed it: drop, shopper, quantity, amount and time
  state         INTEGER NOT NULL,
  superseded_by INTEGER,
  settling      INTEGER NOT NULL,
  link_state    INTEGER NOT NULL,
  applied       INTEGER NOT NULL CHECK (applied >= 0),
  pay_by        INTEGER NOT NULL,
  ended_at      INTEGER,
  -- Personal data, outside the chain; erasure sets these to NULL.
  salt          BLOB,
  name          TEXT,
  phone         TEXT,
  email         TEXT,
  province_code TEXT,
  address_line  TEXT
) STRICT;

-- Codes and ledger rows ascend together, so the first order was placed by the first such row, and so on. An order without
-- one would have no `placed`, and the whole migration fails.
INSERT INTO orders
SELECT order_code, seq, state, superseded_by, settling, link_state, applied, pay_by, ended_at,
       salt, name, phone, email, province_code, address_line
FROM (SELECT *, row_number() OVER (ORDER BY order_code) AS number FROM orders_with_facts)
LEFT JOIN (SELECT seq, row_number() OVER (ORDER BY seq) AS number FROM ledger WHERE kind = 'order_placed') USING (number)
ORDER BY order_code;

DROP TABLE orders_with_facts;
