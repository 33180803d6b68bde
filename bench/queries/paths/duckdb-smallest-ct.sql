-- for each customer the four smallest of (time, event) from the first view on, each as a number
WITH firsts AS (
  SELECT cid, min(ts) AS first FROM et.events
  WHERE event = 'view' AND ts >= '2022-10-01' AND ts < '2023-01-01' GROUP BY cid
),
fours AS (
  SELECT cid, min((CAST(epoch(ts) AS BIGINT) << 16) + enum_code(event), 4) AS f
  FROM ct.events JOIN firsts USING (cid)
  WHERE ts >= '2022-10-01' AND ts < '2023-01-01' AND (ts > first OR ts = first AND event >= 'view')
  GROUP BY cid
),
coded AS (SELECT [f[1] & 65535, f[2] & 65535, f[3] & 65535, f[4] & 65535] AS c, count(*) AS n FROM fours GROUP BY c),
names AS (SELECT enum_range((SELECT any_value(event) FROM et.events)) AS e),
paths AS (SELECT [e[c[1] + 1], e[c[2] + 1], e[c[3] + 1], e[c[4] + 1]] AS p, n FROM coded, names),
steps AS (
  SELECT 1 AS step, p[1] AS a, p[2] AS b, n FROM paths
  UNION ALL SELECT 2, p[2], p[3], n FROM paths
  UNION ALL SELECT 3, p[3], p[4], n FROM paths
),
counted AS (
  SELECT step, CAST(a AS VARCHAR) AS from_event, CAST(b AS VARCHAR) AS to_event, CAST(sum(n) AS BIGINT) AS customers
  FROM steps WHERE b IS NOT NULL GROUP BY ALL
)
SELECT * FROM counted
QUALIFY row_number() OVER (PARTITION BY step ORDER BY customers DESC, from_event, to_event) <= 10
ORDER BY step, customers DESC, from_event, to_event;
