SELECT toDate(ts) AS day, uniqExact(cid) AS customers FROM ct_month GROUP BY day ORDER BY day
