-- pairs of day and customer first, so that customers are rows
SELECT day, count(*) AS customers FROM (SELECT DISTINCT ts::DATE AS day, cid FROM ct.events) GROUP BY day ORDER BY day
