-- the same, each step only with those who came to the step before
WITH p1 AS (SELECT cid, ts FROM ect.events WHERE event = 'page_view' AND cid IN (SELECT cid FROM ect.events WHERE event = 'search')),
  p2 AS (SELECT cid, ts FROM ect.events WHERE event = 'search'),
  s2 AS MATERIALIZED (SELECT n.cid, n.ts, q.ts AS start FROM p2 AS n ASOF JOIN p1 AS q ON n.cid = q.cid AND n.ts >= q.ts
    WHERE n.ts - q.ts <= INTERVAL 30 DAY),
  p3 AS (SELECT cid, ts FROM ect.events WHERE event = 'view' AND cid IN (SELECT cid FROM s2)),
  s3 AS MATERIALIZED (SELECT n.cid, n.ts, q.start FROM p3 AS n ASOF JOIN s2 AS q ON n.cid = q.cid AND n.ts >= q.ts
    WHERE n.ts - q.start <= INTERVAL 30 DAY),
  p4 AS (SELECT cid, ts FROM ect.events WHERE event = 'add_to_cart' AND cid IN (SELECT cid FROM s3)),
  s4 AS MATERIALIZED (SELECT n.cid, n.ts, q.start FROM p4 AS n ASOF JOIN s3 AS q ON n.cid = q.cid AND n.ts >= q.ts
    WHERE n.ts - q.start <= INTERVAL 30 DAY),
  p5 AS (SELECT cid, ts FROM ect.events WHERE event = 'pay' AND cid IN (SELECT cid FROM s4)),
  s5 AS MATERIALIZED (SELECT n.cid, n.ts, q.start FROM p5 AS n ASOF JOIN s4 AS q ON n.cid = q.cid AND n.ts >= q.ts
    WHERE n.ts - q.start <= INTERVAL 30 DAY),
  p6 AS (SELECT cid, ts FROM ect.events WHERE event = 'refund' AND cid IN (SELECT cid FROM s5)),
  s6 AS (SELECT n.cid, n.ts, q.start FROM p6 AS n ASOF JOIN s5 AS q ON n.cid = q.cid AND n.ts >= q.ts
    WHERE n.ts - q.start <= INTERVAL 30 DAY)
SELECT 1 AS step, count(DISTINCT cid) AS customers FROM ect.events WHERE event = 'page_view'
UNION ALL SELECT 2, count(DISTINCT cid) FROM s2
UNION ALL SELECT 3, count(DISTINCT cid) FROM s3
UNION ALL SELECT 4, count(DISTINCT cid) FROM s4
UNION ALL SELECT 5, count(DISTINCT cid) FROM s5
UNION ALL SELECT 6, count(DISTINCT cid) FROM s6
ORDER BY step
