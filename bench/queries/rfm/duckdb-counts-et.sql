-- A threshold is the value before the first place of a bucket, found by running counts of the values; amounts first by
-- whole units, then by cents in the four units that matter.
WITH buyers AS MATERIALIZED (
  SELECT cid, CAST(max(ts) AS DATE) - DATE '2022-01-01' AS d, count(*) AS f, CAST(sum(amount) * 100 AS BIGINT) AS m
  FROM et.events WHERE event = 'pay' AND ts >= '2022-01-01' AND ts < '2023-01-01' GROUP BY cid
),
starts AS (SELECT j, j * (n // 5) + least(j, n % 5) AS p FROM (SELECT count(*) AS n FROM buyers), range(1, 5) AS r(j)),
days AS (SELECT d AS v, sum(count(*)) OVER (ORDER BY d) AS upto FROM buyers GROUP BY d),
times AS (SELECT f AS v, sum(count(*)) OVER (ORDER BY f) AS upto FROM buyers GROUP BY f),
units AS (SELECT m // 100 AS u, sum(count(*)) OVER (ORDER BY m // 100) AS upto FROM buyers GROUP BY u),
hit AS (SELECT j, p, min(u) AS u FROM units JOIN starts ON upto >= p GROUP BY j, p),
cents AS (
  SELECT m // 100 AS u, m AS v, sum(count(*)) OVER (PARTITION BY m // 100 ORDER BY m DESC) AS downto
  FROM buyers WHERE m // 100 IN (SELECT u FROM hit) GROUP BY m
),
limits AS (
  SELECT
    max(v) FILTER (c = 'r' AND j = 1) AS r1,
    max(v) FILTER (c = 'r' AND j = 2) AS r2,
    max(v) FILTER (c = 'r' AND j = 3) AS r3,
    max(v) FILTER (c = 'r' AND j = 4) AS r4,
    max(v) FILTER (c = 'f' AND j = 1) AS f1,
    max(v) FILTER (c = 'f' AND j = 2) AS f2,
    max(v) FILTER (c = 'f' AND j = 3) AS f3,
    max(v) FILTER (c = 'f' AND j = 4) AS f4,
    max(v) FILTER (c = 'm' AND j = 1) AS m1,
    max(v) FILTER (c = 'm' AND j = 2) AS m2,
    max(v) FILTER (c = 'm' AND j = 3) AS m3,
    max(v) FILTER (c = 'm' AND j = 4) AS m4
  FROM (
    SELECT 'r' AS c, j, min(v) AS v FROM days JOIN starts ON upto >= p GROUP BY j
    UNION ALL SELECT 'f', j, min(v) FROM times JOIN starts ON upto >= p GROUP BY j
    UNION ALL SELECT 'm', j, max(v) FROM cents JOIN (SELECT j, p, hit.u, upto FROM hit JOIN units USING (u)) AS h USING (u)
      WHERE upto - downto < p GROUP BY j
  )
)
SELECT 1 + (d > r1)::INT + (d > r2)::INT + (d > r3)::INT + (d > r4)::INT AS r,
  1 + (f > f1)::INT + (f > f2)::INT + (f > f3)::INT + (f > f4)::INT AS f,
  1 + (m > m1)::INT + (m > m2)::INT + (m > m3)::INT + (m > m4)::INT AS m,
  count(*) AS customers
FROM buyers, limits
GROUP BY 1, 2, 3 ORDER BY 1, 2, 3;
