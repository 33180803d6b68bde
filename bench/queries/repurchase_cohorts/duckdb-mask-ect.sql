-- the months of each customer as bits of a mask
WITH m AS (
    SELECT cid, bit_or(1::UINTEGER << ((year(ts) - 2021) * 12 + month(ts) - 1)::UINTEGER) AS b
    FROM ect.events WHERE event = 'pay' GROUP BY cid),
  g AS (SELECT b, count(*) AS n FROM m GROUP BY b),
  h AS (SELECT n, b, log2(b & (-(b::BIGINT)))::INTEGER AS f FROM g)
SELECT (DATE '2021-01-01' + to_months(f))::DATE AS cohort, k AS period, sum(n)::BIGINT AS customers
FROM h, range(1, 13) AS r(k) WHERE f + k < 24 AND (b >> (f + k)::UINTEGER) & 1 = 1 GROUP BY ALL ORDER BY ALL
