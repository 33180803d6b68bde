SELECT toDate(ts) AS day, uniqExact(cid) AS customers FROM ct GROUP BY day ORDER BY day
