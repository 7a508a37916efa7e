-- Why: money goes back to whoever paid, by hand, because PayOS has no refund call, and an operator must see what waits.
-- A payment is named by the ledger row that recorded it. The indexes are partial: they hold what waits and nothing else,
-- and none is on a table that a purchase writes.

ALTER TABLE refunds ADD COLUMN batch INTEGER NOT NULL DEFAULT 0; -- 0 while on no list of transfers
ALTER TABLE refunds ADD COLUMN due_at INTEGER NOT NULL DEFAULT 0;
CREATE INDEX refunds_due ON refunds (due_at) WHERE state = 0;

ALTER TABLE payments ADD COLUMN seq INTEGER NOT NULL DEFAULT 0;
CREATE INDEX payments_unsettled ON payments (recorded_at) WHERE state = 0 AND settled = 0;
CREATE INDEX payments_disputed ON payments (recorded_at) WHERE state = 1;

ALTER TABLE unmatched_payments ADD COLUMN seq INTEGER NOT NULL DEFAULT 0;
ALTER TABLE unmatched_payments ADD COLUMN state INTEGER NOT NULL DEFAULT 0; -- 0 open, 1 assigned, 2 dismissed
CREATE INDEX unmatched_by_seq ON unmatched_payments (seq);

-- Where a refund goes. Personal data, outside the chain.
CREATE TABLE refund_destinations (
  order_code     INTEGER PRIMARY KEY,
  bank           TEXT    NOT NULL, -- BIN or name, as it was given
  account_number TEXT    NOT NULL,
  account_name   TEXT    NOT NULL,
  usable_at      INTEGER NOT NULL  -- a changed destination waits, so that a stolen order key is noticed first
) STRICT;

-- A list of transfers as it was exported, so that exporting it again prints the same bytes.
CREATE TABLE refund_transfers (
  batch          INTEGER NOT NULL,
  order_code     INTEGER NOT NULL,
  number         INTEGER NOT NULL,
  amount         INTEGER NOT NULL CHECK (amount > 0),
  bank           TEXT    NOT NULL,
  account_number TEXT    NOT NULL,
  account_name   TEXT    NOT NULL,
  PRIMARY KEY (batch, order_code, number)
) STRICT, WITHOUT ROWID;
