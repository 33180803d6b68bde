-- grouped in the order of the table
SELECT step, customers
FROM (
  SELECT [countIf(depth >= 1), countIf(depth >= 2), countIf(depth >= 3)] AS n
  FROM (
    SELECT cid, windowFunnel(604800)(ts, event = 'view', event = 'add_to_cart', event = 'pay') AS depth
    FROM ct_month
    WHERE event IN ('view', 'add_to_cart', 'pay') AND ts >= '2022-10-01 00:00:00' AND ts < '2023-01-01 00:00:00'
    GROUP BY cid
    SETTINGS optimize_aggregation_in_order = 1
  )
)
ARRAY JOIN n AS customers, [1, 2, 3] AS step
ORDER BY step;
