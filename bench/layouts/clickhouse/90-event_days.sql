-- a stored bitmap of customers for each (event, day)
CREATE TABLE event_days (
  event LowCardinality(String),
  day Date,
  members AggregateFunction(groupBitmap, UInt32)
) ENGINE = AggregatingMergeTree ORDER BY (event, day)
SETTINGS index_granularity = 64;
INSERT INTO event_days
SELECT event, toDate(ts) AS day, groupBitmapState(cid) FROM ect GROUP BY event, day;
OPTIMIZE TABLE event_days FINAL;
