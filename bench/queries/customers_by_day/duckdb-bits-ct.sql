-- a bit per customer and day, set and counted
SELECT ts::DATE AS day, bit_count(bitstring_agg(cid, 0, (SELECT max(cid) FROM ct.events))) AS customers
FROM ct.events GROUP BY day ORDER BY day
