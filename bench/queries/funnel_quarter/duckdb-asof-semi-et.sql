-- as asof-et, but only the views and pays of people with a cart are joined
WITH views AS (SELECT cid, ts FROM et.events WHERE event = 'view' AND ts >= '2022-10-01' AND ts < '2023-01-01'),
carts AS (SELECT cid, ts FROM et.events WHERE event = 'add_to_cart' AND ts >= '2022-10-01'),
pays AS (SELECT cid, ts FROM et.events WHERE event = 'pay' AND ts >= '2022-10-01' AND cid IN (SELECT cid FROM carts)),
second AS MATERIALIZED (
  SELECT c.cid, c.ts, v.ts AS start
  FROM carts AS c ASOF JOIN (SELECT * FROM views WHERE cid IN (SELECT cid FROM carts)) AS v ON c.cid = v.cid AND c.ts >= v.ts
  WHERE c.ts - v.ts <= INTERVAL 7 DAY
),
third AS (
  SELECT p.cid
  FROM pays AS p ASOF JOIN second AS s ON p.cid = s.cid AND p.ts >= s.ts
  WHERE p.ts - s.start <= INTERVAL 7 DAY
)
SELECT 1 AS step, count(DISTINCT cid) AS customers FROM views
UNION ALL SELECT 2, count(DISTINCT cid) FROM second
UNION ALL SELECT 3, count(DISTINCT cid) FROM third
ORDER BY step;
