-- the row before, in the order in which the rows lie; the beginning of the session at hand is a running maximum
WITH x AS (SELECT cid, ts, lag(cid) OVER () AS before, lag(ts) OVER () AS earlier FROM ct.events),
  y AS (SELECT CASE WHEN before IS DISTINCT FROM cid OR ts - earlier > INTERVAL 30 MINUTE
                    THEN (cid::BIGINT << 5) + (year(ts) - 2021) * 12 + month(ts) - 1 END AS begun, cid FROM x),
  z AS (SELECT begun IS NOT NULL AS first, last_value(begun IGNORE NULLS) OVER (ROWS UNBOUNDED PRECEDING) & 31 AS m FROM y)
SELECT make_date(2021 + m // 12, m % 12 + 1, 1) AS month, count(*) FILTER (first) AS sessions, count(*) AS events
FROM z GROUP BY m ORDER BY month
