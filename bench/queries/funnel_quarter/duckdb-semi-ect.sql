-- the same, only with those who came to the second step
WITH v AS (SELECT cid, ts FROM ect.events WHERE event = 'view' AND ts >= '2022-10-01' AND ts < '2023-01-01'),
  k AS MATERIALIZED (SELECT cid, ts FROM ect.events WHERE event = 'add_to_cart' AND ts >= '2022-10-01' AND ts < '2023-01-01'),
  p AS (SELECT cid, ts FROM ect.events WHERE event = 'pay' AND ts >= '2022-10-01' AND ts < '2023-01-01'),
  w AS (SELECT cid, ts FROM v WHERE cid IN (SELECT cid FROM k)),
  s2 AS MATERIALIZED (SELECT k.cid, k.ts, w.ts AS start FROM k ASOF JOIN w ON k.cid = w.cid AND k.ts >= w.ts),
  s3 AS (SELECT p.cid, p.ts, s2.start FROM p ASOF JOIN s2 ON p.cid = s2.cid AND p.ts >= s2.ts)
SELECT 1 AS step, count(DISTINCT cid) AS customers FROM v
UNION ALL SELECT 2, count(DISTINCT cid) FROM s2 WHERE ts - start <= INTERVAL 7 DAY
UNION ALL SELECT 3, count(DISTINCT cid) FROM s3 WHERE ts - start <= INTERVAL 7 DAY
ORDER BY step
