-- Why: a drop leaves the list of drops a while after it ended, and a drop without a closing time ends when it is killed.

ALTER TABLE drop_counters ADD COLUMN killed_at INTEGER; -- NULL unless its status is killed

UPDATE drop_counters SET killed_at = killed.at
FROM (SELECT drop_id, at FROM ledger WHERE kind = 'drop_killed') AS killed
WHERE killed.drop_id = drop_counters.drop_id;
