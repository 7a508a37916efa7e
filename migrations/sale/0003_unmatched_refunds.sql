-- Why: money that names no order goes back to whoever sent it by the same lists as every refund. State 3 is due, 4 on a
-- list of transfers, 5 sent, 6 confirmed.

ALTER TABLE unmatched_payments ADD COLUMN batch INTEGER NOT NULL DEFAULT 0; -- 0 while on no list of transfers
ALTER TABLE unmatched_payments ADD COLUMN due_at INTEGER NOT NULL DEFAULT 0;
CREATE INDEX unmatched_due ON unmatched_payments (due_at) WHERE state = 3;

-- Where it goes. Personal data, outside the chain.
CREATE TABLE unmatched_destinations (
  seq            INTEGER PRIMARY KEY, -- the ledger row that recorded the payment
  bank           TEXT    NOT NULL,
  account_number TEXT    NOT NULL,
  account_name   TEXT    NOT NULL,
  usable_at      INTEGER NOT NULL
) STRICT;

CREATE TABLE unmatched_transfers (
  batch          INTEGER NOT NULL,
  seq            INTEGER NOT NULL,
  amount         INTEGER NOT NULL CHECK (amount > 0),
  bank           TEXT    NOT NULL,
  account_number TEXT    NOT NULL,
  account_name   TEXT    NOT NULL,
  PRIMARY KEY (batch, seq)
) STRICT, WITHOUT ROWID;
