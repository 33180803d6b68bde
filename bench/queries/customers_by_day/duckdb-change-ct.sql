-- rows lie by customer and time, so a pair of customer and day begins where it differs from the row before
SELECT day, count(*) AS customers
FROM (SELECT ts::DATE AS day, cid, lag(cid) OVER w AS before, lag(ts::DATE) OVER w AS day_before
  FROM ct.events WINDOW w AS (ORDER BY rowid))
WHERE before IS DISTINCT FROM cid OR day_before IS DISTINCT FROM day GROUP BY day ORDER BY day
