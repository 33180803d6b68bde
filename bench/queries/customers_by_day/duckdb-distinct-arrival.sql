SELECT ts::DATE AS day, count(DISTINCT cid) AS customers FROM arrival.events GROUP BY day ORDER BY day
