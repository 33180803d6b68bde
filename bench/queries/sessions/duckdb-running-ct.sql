-- one pass over the sorted table: the running maximum of the keys (customer, time) at which sessions begin
WITH rows AS (
  SELECT k, lag(k) OVER () AS before
  FROM (SELECT (CAST(cid AS BIGINT) << 32) + CAST(epoch(ts) AS BIGINT) AS k FROM ct.events)
),
flags AS (SELECT (before IS NULL OR k - before > 1800) AS first, k FROM rows),
begun AS (SELECT first, max(CASE WHEN first THEN k END) OVER (ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS start FROM flags)
SELECT CAST(date_trunc('month', day) AS DATE) AS month, CAST(sum(sessions) AS BIGINT) AS sessions, CAST(sum(events) AS BIGINT) AS events
FROM (
  SELECT DATE '1970-01-01' + CAST((start & 4294967295) // 86400 AS INTEGER) AS day,
    count(*) FILTER (first) AS sessions, count(*) AS events
  FROM begun GROUP BY day
)
GROUP BY ALL ORDER BY month;
