-- the same, with a bit for each of the first forty days
WITH f AS MATERIALIZED (SELECT cid, min(ts)::DATE AS d FROM ect.events WHERE event = 'follow' GROUP BY cid),
  j AS (
    SELECT f.cid, bit_or(1::UBIGINT << least(greatest(ts::DATE - d, 0), 40)::UBIGINT) AS b
    FROM ct.events JOIN f USING (cid) GROUP BY f.cid)
SELECT period, count(*) FILTER (b & (1::UBIGINT << period::UBIGINT) <> 0 OR period = 0) AS customers
FROM j, (SELECT unnest([0, 1, 3, 7, 14, 30]) AS period) GROUP BY period ORDER BY period
