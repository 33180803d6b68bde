SELECT toDate(ts) AS day, groupBitmap(cid) AS customers FROM ct GROUP BY day ORDER BY day
