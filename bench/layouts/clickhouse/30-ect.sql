-- events sorted by (event, customer, ts), one part, with a projection that keeps the count per event
CREATE TABLE ect (
  customer String,
  cid UInt32,
  ts DateTime('UTC'),
  event LowCardinality(String),
  channel Enum8('app' = 1, 'email' = 2, 'jd' = 3, 'sms' = 4, 'store' = 5, 'tmall' = 6, 'web' = 7, 'wechat' = 8),
  city LowCardinality(String),
  sku LowCardinality(String),
  amount Decimal(12, 2),
  quantity UInt8,
  coupon LowCardinality(String),
  PROJECTION per_event (SELECT event, count() GROUP BY event)
) ENGINE = MergeTree ORDER BY (event, cid, ts);
INSERT INTO ect SELECT * FROM ct;
OPTIMIZE TABLE ect FINAL;
