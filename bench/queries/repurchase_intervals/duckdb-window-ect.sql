-- the pay before by a window
WITH gaps AS (
  SELECT CAST(epoch(ts) AS INTEGER) - CAST(epoch(before) AS INTEGER) AS s
  FROM (SELECT ts, lag(ts) OVER (PARTITION BY cid ORDER BY ts) AS before FROM ect.events WHERE event = 'pay')
  WHERE before IS NOT NULL
)
SELECT n AS intervals, q[1] AS q25, q[2] AS q50, q[3] AS q75
FROM (SELECT count(*) AS n, quantile_disc(s, [0.25, 0.5, 0.75]) AS q FROM gaps);
