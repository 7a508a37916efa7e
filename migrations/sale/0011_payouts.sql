-- Why: a refund can be paid out through the payment provider. What is sent to it is on disk before the first byte leaves,
-- so that a repeated request is the same request, and a refund that may have left never leaves a second time.

-- The attempt that the refund is in, or that sent it; 0 for none. States 5 to 9 are: the provider is asked; it gave no
-- answer, contradicted itself, sent the money back, paid an account of another name. Of unmatched payments 7 to 11.
ALTER TABLE refunds ADD COLUMN attempt INTEGER NOT NULL DEFAULT 0;
ALTER TABLE unmatched_payments ADD COLUMN attempt INTEGER NOT NULL DEFAULT 0;
CREATE INDEX refunds_paying ON refunds (state) WHERE state >= 5;

-- Every attempt, for ever. Personal data but for the keys, the amount and the time, outside the chain.
CREATE TABLE payouts (
  order_code     INTEGER NOT NULL, -- 0 for money that named no order
  number         INTEGER NOT NULL, -- of the refund; for money that named no order the ledger row that recorded it
  attempt        INTEGER NOT NULL CHECK (attempt > 0),
  amount         INTEGER NOT NULL CHECK (amount > 0),
  begun_at       INTEGER NOT NULL,
  body           BLOB    NOT NULL, -- the request, byte for byte
  bank           TEXT    NOT NULL,
  account_number TEXT    NOT NULL,
  account_name   TEXT    NOT NULL,
  salt           BLOB    NOT NULL,
  PRIMARY KEY (order_code, number, attempt)
) STRICT, WITHOUT ROWID;
CREATE INDEX payouts_begun ON payouts (begun_at);

-- Operators who approved that a large refund is paid out, each to one account.
CREATE TABLE payout_approvals (
  order_code INTEGER NOT NULL,
  number     INTEGER NOT NULL,
  account    BLOB    NOT NULL CHECK (length(account) = 32), -- its digest in the ledger
  operator   TEXT    NOT NULL,
  PRIMARY KEY (order_code, number, account, operator)
) STRICT, WITHOUT ROWID;

-- One row while payouts are paused: the ledger row that paused them.
CREATE TABLE payouts_paused (seq INTEGER PRIMARY KEY) STRICT;
