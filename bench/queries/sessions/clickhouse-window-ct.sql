SELECT toStartOfMonth(toDateTime(begun, 'UTC')) AS month, sum(first) AS sessions, count() AS events
FROM (
  SELECT first, max(if(first, t, 0)) OVER (PARTITION BY cid ORDER BY t ROWS UNBOUNDED PRECEDING) AS begun
  FROM (
    SELECT cid, toUInt32(ts) AS t,
      row_number() OVER w = 1 OR t - toUInt32(lagInFrame(ts) OVER (PARTITION BY cid ORDER BY ts ROWS BETWEEN 1 PRECEDING AND CURRENT ROW)) > 1800 AS first
    FROM ct WINDOW w AS (PARTITION BY cid ORDER BY ts)))
GROUP BY month ORDER BY month
