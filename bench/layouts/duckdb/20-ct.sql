-- events sorted by (customer, ts), texts as enums; by way of a table `raw` in arrival order
-- Of events of a customer in the same second the earlier steps of a visit stand first (the last key of the sort).
ATTACH '{db}/raw.duckdb' AS raw;
CREATE TABLE raw.events AS
FROM read_csv('{data}/events.csv', header = true, columns = {
  'customer': 'VARCHAR', 'ts': 'TIMESTAMP', 'event': 'VARCHAR', 'channel': 'VARCHAR', 'city': 'VARCHAR',
  'sku': 'VARCHAR', 'amount': 'DECIMAL(12,2)', 'quantity': 'TINYINT', 'coupon': 'VARCHAR'});
ATTACH '{db}/ct.duckdb' AS ct;
USE ct;
CREATE TYPE e_event AS ENUM (SELECT DISTINCT event FROM raw.events ORDER BY 1);
CREATE TYPE e_channel AS ENUM (SELECT DISTINCT channel FROM raw.events WHERE channel IS NOT NULL ORDER BY 1);
CREATE TYPE e_city AS ENUM (SELECT DISTINCT city FROM raw.events WHERE city IS NOT NULL ORDER BY 1);
CREATE TYPE e_sku AS ENUM (SELECT DISTINCT sku FROM raw.events WHERE sku IS NOT NULL ORDER BY 1);
CREATE TYPE e_coupon AS ENUM (SELECT DISTINCT coupon FROM raw.events WHERE coupon IS NOT NULL ORDER BY 1);
CREATE TABLE ct.events AS
SELECT customer, CAST(substr(customer, 2) AS INTEGER) AS cid, ts, CAST(event AS e_event) AS event,
  CAST(channel AS e_channel) AS channel, CAST(city AS e_city) AS city, CAST(sku AS e_sku) AS sku,
  amount, quantity, CAST(coupon AS e_coupon) AS coupon
FROM raw.events
ORDER BY cid, ts, CASE raw.events.event
  WHEN 'ad_click' THEN 0 WHEN 'message_open' THEN 0 WHEN 'store_visit' THEN 0 WHEN 'page_view' THEN 1 WHEN 'search' THEN 2
  WHEN 'view' THEN 3 WHEN 'add_to_cart' THEN 4 WHEN 'pay' THEN 5 WHEN 'refund' THEN 6 ELSE 7 END;
CHECKPOINT ct;
-- load ends here
CHECKPOINT raw;
