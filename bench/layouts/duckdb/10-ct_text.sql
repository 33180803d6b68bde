-- events sorted by (customer, ts), straight from the file in one statement; texts as VARCHAR
-- Of events of a customer in the same second the earlier steps of a visit stand first (the last key of the sort).
ATTACH '{db}/ct_text.duckdb' AS ct_text;
CREATE TABLE ct_text.events AS
SELECT customer, CAST(substr(customer, 2) AS INTEGER) AS cid, ts, event, channel, city, sku, amount, quantity, coupon
FROM read_csv('{data}/events.csv', header = true, columns = {
  'customer': 'VARCHAR', 'ts': 'TIMESTAMP', 'event': 'VARCHAR', 'channel': 'VARCHAR', 'city': 'VARCHAR',
  'sku': 'VARCHAR', 'amount': 'DECIMAL(12,2)', 'quantity': 'TINYINT', 'coupon': 'VARCHAR'})
ORDER BY cid, ts, CASE event
  WHEN 'ad_click' THEN 0 WHEN 'message_open' THEN 0 WHEN 'store_visit' THEN 0 WHEN 'page_view' THEN 1 WHEN 'search' THEN 2
  WHEN 'view' THEN 3 WHEN 'add_to_cart' THEN 4 WHEN 'pay' THEN 5 WHEN 'refund' THEN 6 ELSE 7 END;
CHECKPOINT ct_text;
-- load ends here
