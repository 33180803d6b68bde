-- the row before, in the order in which the rows lie
WITH x AS (SELECT cid, ts, lag(cid) OVER () AS before, lag(ts) OVER () AS earlier FROM ect.events WHERE event = 'pay')
SELECT count(*), quantile_disc(epoch(ts)::BIGINT - epoch(earlier)::BIGINT, 0.25), quantile_disc(epoch(ts)::BIGINT - epoch(earlier)::BIGINT, 0.5),
  quantile_disc(epoch(ts)::BIGINT - epoch(earlier)::BIGINT, 0.75)
FROM x WHERE before = cid
