-- a value is in part j + 1 if it is above the last value of part j; running counts of the values find those
WITH x AS MATERIALIZED (
    SELECT cid, max(ts)::DATE - DATE '2023-01-01' AS r, count(*) AS f, sum(amount) AS m
    FROM ect.events WHERE event = 'pay' AND ts >= '2022-01-01' AND ts < '2023-01-01' GROUP BY cid),
  n AS (SELECT count(*) AS n FROM x),
  p AS (SELECT j, j * (n // 5) + least(j, n % 5) AS place FROM n, range(1, 5) AS q(j)),
  cr AS (SELECT r AS v, sum(count(*)) OVER (ORDER BY r) AS upto FROM x GROUP BY r),
  cf AS (SELECT f AS v, sum(count(*)) OVER (ORDER BY f) AS upto FROM x GROUP BY f),
  cm AS (SELECT m AS v, sum(count(*)) OVER (ORDER BY m) AS upto FROM x GROUP BY m),
  tr AS (SELECT list(v ORDER BY v) AS t FROM (SELECT j, min(v) AS v FROM p JOIN cr ON upto >= place GROUP BY j)),
  tf AS (SELECT list(v ORDER BY v) AS t FROM (SELECT j, min(v) AS v FROM p JOIN cf ON upto >= place GROUP BY j)),
  tm AS (SELECT list(v ORDER BY v) AS t FROM (SELECT j, min(v) AS v FROM p JOIN cm ON upto >= place GROUP BY j))
SELECT 1 + (r > tr.t[1])::INT + (r > tr.t[2])::INT + (r > tr.t[3])::INT + (r > tr.t[4])::INT AS rp,
  1 + (f > tf.t[1])::INT + (f > tf.t[2])::INT + (f > tf.t[3])::INT + (f > tf.t[4])::INT AS fp,
  1 + (m > tm.t[1])::INT + (m > tm.t[2])::INT + (m > tm.t[3])::INT + (m > tm.t[4])::INT AS mp, count(*) AS customers
FROM x, tr, tf, tm GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
