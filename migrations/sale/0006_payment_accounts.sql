-- Why: PayOS switches to a second account while the first bank is down, and a statement of one account is compared with
-- the payments of that account alone. NULL where the account is not known.

ALTER TABLE payments ADD COLUMN account TEXT;
ALTER TABLE unmatched_payments ADD COLUMN account TEXT;
