-- events by month, sorted by (event, customer, ts)
CREATE TABLE ect_month (
  customer String,
  cid UInt32,
  ts DateTime('UTC'),
  event LowCardinality(String),
  channel Enum8('app' = 1, 'email' = 2, 'jd' = 3, 'sms' = 4, 'store' = 5, 'tmall' = 6, 'web' = 7, 'wechat' = 8),
  city LowCardinality(String),
  sku LowCardinality(String),
  amount Decimal(12, 2),
  quantity UInt8,
  coupon LowCardinality(String)
) ENGINE = MergeTree PARTITION BY toYYYYMM(ts) ORDER BY (event, cid, ts);
INSERT INTO ect_month SELECT * FROM ct;
OPTIMIZE TABLE ect_month FINAL;
