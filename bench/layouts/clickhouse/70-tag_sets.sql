-- a stored bitmap of customers for each tag (value '') and for each value of a tag
CREATE TABLE tag_sets (
  tag LowCardinality(String),
  value LowCardinality(String),
  members AggregateFunction(groupBitmap, UInt32)
) ENGINE = AggregatingMergeTree ORDER BY (tag, value)
SETTINGS index_granularity = 1;
INSERT INTO tag_sets
SELECT tag, toLowCardinality(arrayJoin(if(value = '', [''], ['', toString(value)]))) AS of, groupBitmapState(cid)
FROM tags GROUP BY tag, of;
OPTIMIZE TABLE tag_sets FINAL;
