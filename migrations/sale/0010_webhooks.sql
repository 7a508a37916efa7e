-- Why: the merchant's own systems hear of orders, refunds and drops, and what could not be delivered for days is kept
-- for an operator.

CREATE TABLE webhook_endpoints (
  number     INTEGER PRIMARY KEY CHECK (number > 0),
  url        TEXT    NOT NULL,
  events     TEXT    NOT NULL, -- names or patterns, with a space between two
  personal   INTEGER NOT NULL, -- 1: deliveries hold the buyer's details
  state      INTEGER NOT NULL, -- 0 enabled, 1 disabled by an operator, 2 gone
  secret     BLOB    NOT NULL, -- the ledger holds its SHA-256
  old_secret BLOB,             -- signs too while the secret is rotated
  added      INTEGER NOT NULL, -- the ledger row that added it: earlier rows never owe it anything
  since      INTEGER NOT NULL  -- the ledger row that enabled it
) STRICT;

-- Effects that their channel tries no more, until an operator says so.
CREATE TABLE outbox_given_up (
  channel     TEXT    NOT NULL,
  seq         INTEGER NOT NULL,
  attempt     INTEGER NOT NULL,
  given_up_at INTEGER NOT NULL,
  PRIMARY KEY (channel, seq)
) STRICT, WITHOUT ROWID;

-- The ledger row in which a signed read settled the payment; NULL for one that is not settled, or was when it was
-- recorded. An order is settled when the last of the payments that paid it is.
ALTER TABLE payments ADD COLUMN settled_by INTEGER;

UPDATE payments SET settled_by = told.seq
FROM (
  SELECT seq,
    json_extract(CAST(payload AS TEXT), '$.sale.payment_settled.order') AS order_code,
    json_extract(CAST(payload AS TEXT), '$.sale.payment_settled.identity.link') AS link,
    json_extract(CAST(payload AS TEXT), '$.sale.payment_settled.identity.reference') AS reference
  FROM ledger WHERE kind = 'payment_settled'
) AS told
WHERE payments.order_code = told.order_code AND payments.link = told.link AND payments.reference = told.reference
  AND payments.state != 1;
