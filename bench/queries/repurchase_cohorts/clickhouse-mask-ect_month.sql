-- the months of a customer as bits
SELECT addMonths(toDate('2021-01-01'), bitCount(bitXor(m, m - 1)) - 1) AS cohort, period, sum(n) AS customers
FROM (
  SELECT m, count() AS n
  FROM (
    SELECT cid, groupBitOr(bitShiftLeft(toUInt32(1), (toYear(ts) - 2021) * 12 + toMonth(ts) - 1)) AS m
    FROM ect_month WHERE event = 'pay' GROUP BY cid
  )
  GROUP BY m
)
ARRAY JOIN range(1, 13) AS period
WHERE bitTest(toUInt64(m), bitCount(bitXor(m, m - 1)) - 1 + period)
GROUP BY cohort, period ORDER BY cohort, period;
