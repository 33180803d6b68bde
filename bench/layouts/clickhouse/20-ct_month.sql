-- events by month, sorted by (customer, ts); LowCardinality texts, channel as an enum
SET max_insert_threads = {threads};
CREATE TABLE ct_month (
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
) ENGINE = MergeTree PARTITION BY toYYYYMM(ts) ORDER BY (cid, ts)
SETTINGS fsync_after_insert = 1;
INSERT INTO ct_month
SELECT customer, toUInt32(substring(customer, 2)), ts, event, channel, city, sku, amount, quantity, coupon
FROM file('{data}/events.csv', CSVWithNames,
  'customer String, ts DateTime(''UTC''), event LowCardinality(String), channel String, city LowCardinality(String),
   sku LowCardinality(String), amount Decimal(12, 2), quantity UInt8, coupon LowCardinality(String)');
-- load ends here
OPTIMIZE TABLE ct_month FINAL;
