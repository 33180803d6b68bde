-- the bucket that the place of rank() falls in
WITH buyers AS (
  SELECT CAST(max(ts) AS DATE) AS d, count(*) AS f, sum(amount) AS m
  FROM et.events WHERE event = 'pay' AND ts >= '2022-01-01' AND ts < '2023-01-01' GROUP BY cid
),
places AS (
  SELECT rank() OVER (ORDER BY d) AS r, rank() OVER (ORDER BY f) AS f, rank() OVER (ORDER BY m) AS m, count(*) OVER () AS n
  FROM buyers
),
starts AS (
  SELECT *, n // 5 + least(1, n % 5) AS p1, 2 * (n // 5) + least(2, n % 5) AS p2,
    3 * (n // 5) + least(3, n % 5) AS p3, 4 * (n // 5) + least(4, n % 5) AS p4
  FROM places
)
SELECT 1 + (r > p1)::INT + (r > p2)::INT + (r > p3)::INT + (r > p4)::INT AS r,
  1 + (f > p1)::INT + (f > p2)::INT + (f > p3)::INT + (f > p4)::INT AS f,
  1 + (m > p1)::INT + (m > p2)::INT + (m > p3)::INT + (m > p4)::INT AS m,
  count(*) AS customers
FROM starts GROUP BY 1, 2, 3 ORDER BY 1, 2, 3;
