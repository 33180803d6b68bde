SELECT toDate(ts) AS day, groupBitmap(cid) AS customers FROM ct_month GROUP BY day ORDER BY day
