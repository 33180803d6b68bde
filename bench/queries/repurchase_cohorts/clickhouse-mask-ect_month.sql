-- the months of each customer as bits of a mask
SELECT toDate(addMonths(toDate('2021-01-01'), f)) AS cohort, period, sum(n) AS customers
FROM (
  SELECT b, n, bitCount(bitXor(b, b - 1)) - 1 AS f, arrayJoin(range(1, 13)) AS period
  FROM (
    SELECT b, count() AS n FROM (
      SELECT cid, groupBitOr(bitShiftLeft(toUInt64(1), (toYear(ts) - 2021) * 12 + toMonth(ts) - 1)) AS b
      FROM ect_month WHERE event = 'pay' GROUP BY cid)
    GROUP BY b))
WHERE bitTest(b, f + period) GROUP BY cohort, period ORDER BY cohort, period
