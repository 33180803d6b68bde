-- the row before in the sorted table
WITH gaps AS (
  SELECT CAST(epoch(ts) AS INTEGER) - CAST(epoch(before) AS INTEGER) AS s
  FROM (SELECT cid, ts, lag(cid) OVER () AS who, lag(ts) OVER () AS before FROM ect.events WHERE event = 'pay')
  WHERE cid = who
)
SELECT n AS intervals, q[1] AS q25, q[2] AS q50, q[3] AS q75
FROM (SELECT count(*) AS n, quantile_disc(s, [0.25, 0.5, 0.75]) AS q FROM gaps);
