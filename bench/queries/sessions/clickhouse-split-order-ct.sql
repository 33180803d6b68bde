-- each customer's times, split where the gap is long; grouped in the order of the table
SELECT toStartOfMonth(toDateTime(s[1], 'UTC')) AS month, count() AS sessions, sum(length(s)) AS events
FROM (
  SELECT arrayJoin(arraySplit((t, d) -> d > 1800, times, arrayDifference(times))) AS s
  FROM (
    SELECT arraySort(groupArray(toUInt32(ts))) AS times FROM ct GROUP BY cid
    SETTINGS optimize_aggregation_in_order = 1
  )
)
GROUP BY month ORDER BY month;
