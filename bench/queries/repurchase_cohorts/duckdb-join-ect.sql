WITH p AS (SELECT DISTINCT cid, (year(ts) - 2021) * 12 + month(ts) - 1 AS m FROM ect.events WHERE event = 'pay'),
  f AS (SELECT cid, min(m) AS f FROM p GROUP BY cid)
SELECT (DATE '2021-01-01' + to_months(f::INTEGER))::DATE AS cohort, m - f AS period, count(*) AS customers
FROM p JOIN f USING (cid) WHERE m - f BETWEEN 1 AND 12 GROUP BY ALL ORDER BY ALL
