WITH f AS MATERIALIZED (SELECT cid, min(ts)::DATE AS d FROM ect.events WHERE event = 'follow' GROUP BY cid),
  j AS (SELECT DISTINCT f.cid, ts::DATE - d AS k FROM f JOIN ct.events USING (cid) WHERE ts::DATE - d IN (1, 3, 7, 14, 30))
SELECT 0 AS period, count(*) AS customers FROM f UNION ALL SELECT k, count(*) FROM j GROUP BY k ORDER BY period
