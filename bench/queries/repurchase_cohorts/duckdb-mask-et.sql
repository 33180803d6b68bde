-- the months of a customer as bits
WITH months AS (
  SELECT cid, bit_or(1::UINTEGER << ((year(ts) - 2021) * 12 + month(ts) - 1)::UINTEGER) AS m
  FROM et.events WHERE event = 'pay' GROUP BY cid
),
sets AS (SELECT m, bit_count((m & -CAST(m AS BIGINT)) - 1) AS f, count(*) AS n FROM months GROUP BY m)
SELECT CAST(DATE '2021-01-01' + to_months(f) AS DATE) AS cohort, period, CAST(sum(n) AS BIGINT) AS customers
FROM sets, range(1, 13) AS r(period)
WHERE (m >> (f + period)::UINTEGER) & 1 = 1
GROUP BY ALL ORDER BY cohort, period;
