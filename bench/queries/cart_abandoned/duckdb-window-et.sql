-- the next pay by a window over both events
WITH moves AS (
  SELECT cid, ts, event FROM et.events WHERE event IN ('add_to_cart', 'pay') AND ts >= '2022-12-02'
),
next AS (
  SELECT cid, ts, event, min(CASE WHEN event = 'pay' THEN ts END)
    OVER (PARTITION BY cid ORDER BY ts RANGE BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING) AS pay
  FROM moves
)
SELECT count(DISTINCT cid) AS customers
FROM next
WHERE event = 'add_to_cart' AND ts < '2022-12-31' AND (pay IS NULL OR pay - ts > INTERVAL 24 HOUR);
