-- the part that the rank falls in: the first n % 5 parts have one more than the others
WITH x AS (
    SELECT cid, max(ts)::DATE - DATE '2023-01-01' AS r, count(*) AS f, sum(amount) AS m
    FROM ect.events WHERE event = 'pay' AND ts >= '2022-01-01' AND ts < '2023-01-01' GROUP BY cid),
  y AS (
    SELECT rank() OVER (ORDER BY r) - 1 AS r, rank() OVER (ORDER BY f) - 1 AS f, rank() OVER (ORDER BY m) - 1 AS m,
      count(*) OVER () AS n FROM x),
  z AS (SELECT r, f, m, n // 5 AS q, (n % 5) * (n // 5 + 1) AS long FROM y)
SELECT CASE WHEN r < long THEN r // (q + 1) ELSE (r - long) // q + long // (q + 1) END + 1 AS rp,
  CASE WHEN f < long THEN f // (q + 1) ELSE (f - long) // q + long // (q + 1) END + 1 AS fp,
  CASE WHEN m < long THEN m // (q + 1) ELSE (m - long) // q + long // (q + 1) END + 1 AS mp, count(*) AS customers
FROM z GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
