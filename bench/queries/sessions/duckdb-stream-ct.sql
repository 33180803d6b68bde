-- one pass over the sorted table: a session begins where the gap from the row before is long, or the customer another;
-- its events are the rows up to the next such place
WITH starts AS (
  SELECT ts, n, lead(n) OVER () AS next
  FROM (
    SELECT ts, k, before, row_number() OVER () AS n
    FROM (
      SELECT ts, k, lag(k) OVER () AS before
      FROM (SELECT ts, (CAST(cid AS BIGINT) << 32) + CAST(epoch(ts) AS BIGINT) AS k FROM ct.events)
    )
  )
  WHERE before IS NULL OR k - before > 1800
)
SELECT CAST(date_trunc('month', ts) AS DATE) AS month, count(*) AS sessions,
  CAST(sum(coalesce(next, (SELECT count(*) FROM ct.events) + 1) - n) AS BIGINT) AS events
FROM starts GROUP BY ALL ORDER BY month;
