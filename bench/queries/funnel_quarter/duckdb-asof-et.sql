-- for each event of a step the latest chain that ends before it, by ASOF joins
WITH v AS (SELECT cid, ts FROM et.events WHERE event = 'view' AND ts >= '2022-10-01' AND ts < '2023-01-01'),
  k AS (SELECT cid, ts FROM et.events WHERE event = 'add_to_cart' AND ts >= '2022-10-01' AND ts < '2023-01-01'),
  p AS (SELECT cid, ts FROM et.events WHERE event = 'pay' AND ts >= '2022-10-01' AND ts < '2023-01-01'),
  s2 AS MATERIALIZED (SELECT k.cid, k.ts, v.ts AS start FROM k ASOF JOIN v ON k.cid = v.cid AND k.ts >= v.ts),
  s3 AS (SELECT p.cid, p.ts, s2.start FROM p ASOF JOIN s2 ON p.cid = s2.cid AND p.ts >= s2.ts)
SELECT 1 AS step, count(DISTINCT cid) AS customers FROM v
UNION ALL SELECT 2, count(DISTINCT cid) FROM s2 WHERE ts - start <= INTERVAL 7 DAY
UNION ALL SELECT 3, count(DISTINCT cid) FROM s3 WHERE ts - start <= INTERVAL 7 DAY
ORDER BY step
