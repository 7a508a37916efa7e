-- Why: mail is written in the language a shopper bought in, and an address that a mail server refuses for good gets no more.

ALTER TABLE orders ADD COLUMN language INTEGER; -- NULL for Vietnamese, 1 for English

-- Orders whose address takes no mail.
CREATE TABLE mail_stops (
  order_code INTEGER PRIMARY KEY,
  reply      INTEGER NOT NULL, -- the SMTP reply code
  stopped_at INTEGER NOT NULL
) STRICT;
