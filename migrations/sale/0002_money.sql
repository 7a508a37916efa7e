-- Why: money goes back to whoever paid, by hand, because PayOS has no refund call; and money that names no order of
-- ours is decided by an operator. A payment is named by the ledger row that recorded it.

ALTER TABLE refunds ADD COLUMN batch INTEGER NOT NULL DEFAULT 0; -- 0 while on no list of transfers

ALTER TABLE payments ADD COLUMN seq INTEGER NOT NULL DEFAULT 0;

ALTER TABLE unmatched_payments ADD COLUMN seq INTEGER NOT NULL DEFAULT 0;
ALTER TABLE unmatched_payments ADD COLUMN state INTEGER NOT NULL DEFAULT 0;

-- Where a refund goes. Personal data, outside the chain.
CREATE TABLE refund_destinations (
  order_code     INTEGER PRIMARY KEY,
  bank_bin       TEXT    NOT NULL,
  account_number TEXT    NOT NULL,
  account_name   TEXT    NOT NULL,
  usable_at      INTEGER NOT NULL -- a changed destination waits, so that a stolen order key is noticed first
) STRICT;

-- A list of transfers as it was exported, so that exporting it again prints the same bytes.
CREATE TABLE refund_transfers (
  batch          INTEGER NOT NULL,
  order_code     INTEGER NOT NULL,
  number         INTEGER NOT NULL,
  amount         INTEGER NOT NULL CHECK (amount > 0),
  bank_bin       TEXT    NOT NULL,
  account_number TEXT    NOT NULL,
  account_name   TEXT    NOT NULL,
  PRIMARY KEY (batch, order_code, number)
) STRICT, WITHOUT ROWID;
