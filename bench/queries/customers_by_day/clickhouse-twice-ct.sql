-- pairs of day and customer first
SELECT day, count() AS customers FROM (SELECT toDate(ts) AS day, cid FROM ct GROUP BY day, cid) GROUP BY day ORDER BY day
