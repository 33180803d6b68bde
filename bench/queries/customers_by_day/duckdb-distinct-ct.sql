SELECT ts::DATE AS day, count(DISTINCT cid) AS customers FROM ct.events GROUP BY day ORDER BY day
