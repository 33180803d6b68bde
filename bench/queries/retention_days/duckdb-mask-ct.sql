-- the days of each customer as bits of a mask
WITH f AS MATERIALIZED (SELECT cid, min(ts)::DATE AS d FROM ect.events WHERE event = 'follow' GROUP BY cid),
  j AS (
    SELECT f.cid, bit_or(CASE ts::DATE - d WHEN 1 THEN 1 WHEN 3 THEN 2 WHEN 7 THEN 4 WHEN 14 THEN 8 ELSE 16 END) AS b
    FROM f JOIN ct.events USING (cid) WHERE ts::DATE - d IN (1, 3, 7, 14, 30) GROUP BY f.cid)
SELECT unnest([0, 1, 3, 7, 14, 30]) AS period, unnest([
  (SELECT count(*) FROM f), count(*) FILTER (b & 1 <> 0), count(*) FILTER (b & 2 <> 0), count(*) FILTER (b & 4 <> 0),
  count(*) FILTER (b & 8 <> 0), count(*) FILTER (b & 16 <> 0)]) AS customers
FROM j
