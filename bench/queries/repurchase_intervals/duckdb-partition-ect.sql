WITH x AS (SELECT cid, epoch(ts)::BIGINT AS t, lag(epoch(ts)::BIGINT) OVER (PARTITION BY cid ORDER BY ts) AS earlier FROM ect.events WHERE event = 'pay'),
  y AS (SELECT count(*) AS n, quantile_disc(t - earlier, [0.25, 0.5, 0.75]) AS q FROM x WHERE earlier IS NOT NULL)
SELECT n, q[1], q[2], q[3] FROM y
