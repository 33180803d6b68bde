-- for each event of a step the latest chain that ends before it, by ASOF joins
WITH p1 AS (SELECT cid, ts FROM ect.events WHERE event = 'page_view'),
  p2 AS (SELECT cid, ts FROM ect.events WHERE event = 'search'),
  p3 AS (SELECT cid, ts FROM ect.events WHERE event = 'view'),
  p4 AS (SELECT cid, ts FROM ect.events WHERE event = 'add_to_cart'),
  p5 AS (SELECT cid, ts FROM ect.events WHERE event = 'pay'),
  p6 AS (SELECT cid, ts FROM ect.events WHERE event = 'refund'),
  s2 AS (SELECT n.cid, n.ts, q.ts AS start FROM p2 AS n ASOF JOIN p1 AS q ON n.cid = q.cid AND n.ts >= q.ts),
  s3 AS (SELECT n.cid, n.ts, q.start AS start FROM p3 AS n ASOF JOIN s2 AS q ON n.cid = q.cid AND n.ts >= q.ts),
  s4 AS (SELECT n.cid, n.ts, q.start AS start FROM p4 AS n ASOF JOIN s3 AS q ON n.cid = q.cid AND n.ts >= q.ts),
  s5 AS (SELECT n.cid, n.ts, q.start AS start FROM p5 AS n ASOF JOIN s4 AS q ON n.cid = q.cid AND n.ts >= q.ts),
  s6 AS (SELECT n.cid, n.ts, q.start AS start FROM p6 AS n ASOF JOIN s5 AS q ON n.cid = q.cid AND n.ts >= q.ts)
SELECT 1 AS step, count(DISTINCT cid) AS customers FROM p1
UNION ALL SELECT 2, count(DISTINCT cid) FROM s2 WHERE ts - start <= INTERVAL 30 DAY
UNION ALL SELECT 3, count(DISTINCT cid) FROM s3 WHERE ts - start <= INTERVAL 30 DAY
UNION ALL SELECT 4, count(DISTINCT cid) FROM s4 WHERE ts - start <= INTERVAL 30 DAY
UNION ALL SELECT 5, count(DISTINCT cid) FROM s5 WHERE ts - start <= INTERVAL 30 DAY
UNION ALL SELECT 6, count(DISTINCT cid) FROM s6 WHERE ts - start <= INTERVAL 30 DAY
ORDER BY step
