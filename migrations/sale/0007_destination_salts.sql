-- Why: an account that refunds go to was bound to nothing, so that a changed row redirected money unseen. The ledger now
-- holds a digest of it under this salt. NULL where an earlier release wrote the row: at its next start the origin draws
-- salts for destinations, and old lists keep none. Personal data is outside the chain, and the salt with it.

ALTER TABLE refund_destinations ADD COLUMN salt BLOB;
ALTER TABLE unmatched_destinations ADD COLUMN salt BLOB;
ALTER TABLE refund_transfers ADD COLUMN salt BLOB;
ALTER TABLE unmatched_transfers ADD COLUMN salt BLOB;
