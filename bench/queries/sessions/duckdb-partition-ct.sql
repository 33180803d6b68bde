WITH x AS (SELECT cid, ts, lag(ts) OVER w AS earlier FROM ct.events WINDOW w AS (PARTITION BY cid ORDER BY ts)),
  y AS (SELECT cid, ts, count(*) FILTER (earlier IS NULL OR ts - earlier > INTERVAL 30 MINUTE) OVER (PARTITION BY cid ORDER BY ts) AS session FROM x),
  z AS (SELECT min(ts) AS begun, count(*) AS n FROM y GROUP BY cid, session)
SELECT date_trunc('month', begun)::DATE AS month, count(*) AS sessions, sum(n)::BIGINT AS events FROM z GROUP BY 1 ORDER BY 1
