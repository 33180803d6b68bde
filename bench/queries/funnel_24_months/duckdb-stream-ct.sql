-- one pass over the events in order of customer and time: running maxima of a key of both
WITH x AS (
    SELECT cid, event, (cid::BIGINT << 32) + epoch(ts)::BIGINT AS k FROM ct.events
    WHERE event IN ('page_view', 'search', 'view', 'add_to_cart', 'pay', 'refund')),
  a1 AS (SELECT *, max(CASE WHEN event = 'page_view' THEN k END) OVER (ROWS UNBOUNDED PRECEDING) AS s1 FROM x),
  a2 AS (SELECT *, max(CASE WHEN event = 'search' THEN s1 END) OVER (ROWS UNBOUNDED PRECEDING) AS s2 FROM a1),
  a3 AS (SELECT *, max(CASE WHEN event = 'view' THEN s2 END) OVER (ROWS UNBOUNDED PRECEDING) AS s3 FROM a2),
  a4 AS (SELECT *, max(CASE WHEN event = 'add_to_cart' THEN s3 END) OVER (ROWS UNBOUNDED PRECEDING) AS s4 FROM a3),
  a5 AS (SELECT *, max(CASE WHEN event = 'pay' THEN s4 END) OVER (ROWS UNBOUNDED PRECEDING) AS s5 FROM a4),
  g AS (SELECT cid, max(CASE event WHEN 'page_view' THEN 1
      WHEN 'search' THEN if(k - s1 <= 2592000, 2, 0)
      WHEN 'view' THEN if(k - s2 <= 2592000, 3, 0)
      WHEN 'add_to_cart' THEN if(k - s3 <= 2592000, 4, 0)
      WHEN 'pay' THEN if(k - s4 <= 2592000, 5, 0)
      WHEN 'refund' THEN if(k - s5 <= 2592000, 6, 0)
      ELSE 0 END) AS l
    FROM a5 GROUP BY cid)
SELECT step, (SELECT count(*) FROM g WHERE l >= step) AS customers FROM range(1, 7) AS r(step) ORDER BY step
