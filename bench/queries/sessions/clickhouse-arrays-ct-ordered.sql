-- the same, the rows being grouped as they lie
SELECT toStartOfMonth(toDateTime(s[1], 'UTC')) AS month, count() AS sessions, sum(length(s)) AS events
FROM (
  SELECT arrayJoin(arraySplit((t, d) -> d > 1800, ts, arrayDifference(ts))) AS s
  FROM (SELECT arraySort(groupArray(toUInt32(ts))) AS ts FROM ct GROUP BY cid SETTINGS optimize_aggregation_in_order = 1))
GROUP BY month ORDER BY month
