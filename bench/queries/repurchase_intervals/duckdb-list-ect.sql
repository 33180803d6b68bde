-- the row before in the sorted table; one sort for the three quartiles
WITH x AS (SELECT cid, ts, lag(cid) OVER () AS before, lag(ts) OVER () AS earlier FROM ect.events WHERE event = 'pay'),
  y AS (SELECT count(*) AS n, quantile_disc(epoch(ts)::INTEGER - epoch(earlier)::INTEGER, [0.25, 0.5, 0.75]) AS q FROM x WHERE before = cid)
SELECT n, q[1], q[2], q[3] FROM y
