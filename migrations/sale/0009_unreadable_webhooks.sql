-- Why: PayOS may sign a webhook that reports no money which could be recorded, such as an amount that is text. A person
-- must act on it, so its bytes are kept as they came. They hold personal data: the ledger has their digest alone.
CREATE TABLE unreadable_webhooks (
  seq    INTEGER PRIMARY KEY, -- the ledger row
  digest BLOB NOT NULL UNIQUE CHECK (length(digest) = 32),
  body   BLOB NOT NULL
) STRICT;
