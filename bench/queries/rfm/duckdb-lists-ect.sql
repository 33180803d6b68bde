-- a value is in part j + 1 if it is above the last value of part j; sorted lists give those
WITH x AS MATERIALIZED (
    SELECT cid, max(ts)::DATE - DATE '2023-01-01' AS r, count(*) AS f, sum(amount) AS m
    FROM ect.events WHERE event = 'pay' AND ts >= '2022-01-01' AND ts < '2023-01-01' GROUP BY cid),
  s AS (SELECT list_sort(list(r)) AS r, list_sort(list(f)) AS f, list_sort(list(m)) AS m, count(*) AS n FROM x),
  p AS (SELECT j * (n // 5) + least(j, n % 5) AS place FROM s, range(1, 5) AS q(j)),
  t AS (SELECT list(s.r[place]) AS tr, list(s.f[place]) AS tf, list(s.m[place]) AS tm FROM s, p)
SELECT 1 + (r > tr[1])::INT + (r > tr[2])::INT + (r > tr[3])::INT + (r > tr[4])::INT AS rp,
  1 + (f > tf[1])::INT + (f > tf[2])::INT + (f > tf[3])::INT + (f > tf[4])::INT AS fp,
  1 + (m > tm[1])::INT + (m > tm[2])::INT + (m > tm[3])::INT + (m > tm[4])::INT AS mp, count(*) AS customers
FROM x, (SELECT list_sort(tr) AS tr, list_sort(tf) AS tf, list_sort(tm) AS tm FROM t) GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
