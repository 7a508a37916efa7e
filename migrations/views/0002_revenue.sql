-- Why: what a year, a region or a drop brought is asked for whole, and orders become ever more. Paid orders alone count, by
-- the month in Vietnam in which they were ordered. A line without orders is deleted.
CREATE TABLE revenue (
  year     INTEGER NOT NULL,
  month    INTEGER NOT NULL CHECK (month BETWEEN 1 AND 12),
  region   TEXT    NOT NULL,
  drop_id  INTEGER NOT NULL,
  orders   INTEGER NOT NULL CHECK (orders >= 0),
  units    INTEGER NOT NULL CHECK (units >= orders),
  gross    INTEGER NOT NULL CHECK (gross >= 0),
  refunded INTEGER NOT NULL CHECK (refunded BETWEEN 0 AND gross),
  PRIMARY KEY (year, month, region, drop_id)
) STRICT, WITHOUT ROWID;
