WITH months AS (
  SELECT DISTINCT cid, (year(ts) - 2021) * 12 + month(ts) - 1 AS m FROM ect.events WHERE event = 'pay'
),
firsts AS (SELECT cid, min(m) AS f FROM months GROUP BY cid)
SELECT CAST(DATE '2021-01-01' + to_months(CAST(f AS INTEGER)) AS DATE) AS cohort, m - f AS period, count(*) AS customers
FROM months JOIN firsts USING (cid)
WHERE m - f BETWEEN 1 AND 12
GROUP BY ALL ORDER BY cohort, period;
