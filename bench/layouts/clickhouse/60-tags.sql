-- tags as rows (tag, customer, value) sorted by (tag, customer)
CREATE TABLE tags (
  tag LowCardinality(String),
  cid UInt32,
  value LowCardinality(String)
) ENGINE = MergeTree ORDER BY (tag, cid);
INSERT INTO tags
SELECT tag, toUInt32(substring(customer, 2)), value
FROM file('{data}/tags.csv', CSVWithNames, 'customer String, tag LowCardinality(String), value LowCardinality(String)');
OPTIMIZE TABLE tags FINAL;
