-- a chain of ASOF joins
WITH e1 AS (SELECT cid, ts FROM ect.events WHERE event = 'page_view'),
e2 AS (SELECT cid, ts FROM ect.events WHERE event = 'search'),
e3 AS (SELECT cid, ts FROM ect.events WHERE event = 'view'),
e4 AS (SELECT cid, ts FROM ect.events WHERE event = 'add_to_cart'),
e5 AS (SELECT cid, ts FROM ect.events WHERE event = 'pay'),
e6 AS (SELECT cid, ts FROM ect.events WHERE event = 'refund'),
s2 AS MATERIALIZED (
  SELECT n.cid, n.ts, p.start
  FROM e2 AS n ASOF JOIN (SELECT cid, ts, ts AS start FROM e1) AS p ON n.cid = p.cid AND n.ts >= p.ts
  WHERE n.ts - p.start <= INTERVAL 30 DAY
),
s3 AS MATERIALIZED (
  SELECT n.cid, n.ts, p.start
  FROM e3 AS n ASOF JOIN s2 AS p ON n.cid = p.cid AND n.ts >= p.ts
  WHERE n.ts - p.start <= INTERVAL 30 DAY
),
s4 AS MATERIALIZED (
  SELECT n.cid, n.ts, p.start
  FROM e4 AS n ASOF JOIN s3 AS p ON n.cid = p.cid AND n.ts >= p.ts
  WHERE n.ts - p.start <= INTERVAL 30 DAY
),
s5 AS MATERIALIZED (
  SELECT n.cid, n.ts, p.start
  FROM e5 AS n ASOF JOIN s4 AS p ON n.cid = p.cid AND n.ts >= p.ts
  WHERE n.ts - p.start <= INTERVAL 30 DAY
),
s6 AS MATERIALIZED (
  SELECT n.cid, n.ts, p.start
  FROM e6 AS n ASOF JOIN s5 AS p ON n.cid = p.cid AND n.ts >= p.ts
  WHERE n.ts - p.start <= INTERVAL 30 DAY
)
SELECT 1 AS step, count(DISTINCT cid) AS customers FROM ect.events WHERE event = 'page_view'
UNION ALL SELECT 2, count(DISTINCT cid) FROM s2
UNION ALL SELECT 3, count(DISTINCT cid) FROM s3
UNION ALL SELECT 4, count(DISTINCT cid) FROM s4
UNION ALL SELECT 5, count(DISTINCT cid) FROM s5
UNION ALL SELECT 6, count(DISTINCT cid) FROM s6
ORDER BY step;
