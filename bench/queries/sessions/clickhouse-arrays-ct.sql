-- the times of each customer as a sorted array, split where the silence is too long
SELECT toStartOfMonth(toDateTime(s[1], 'UTC')) AS month, count() AS sessions, sum(length(s)) AS events
FROM (
  SELECT arrayJoin(arraySplit((t, d) -> d > 1800, ts, arrayDifference(ts))) AS s
  FROM (SELECT arraySort(groupArray(toUInt32(ts))) AS ts FROM ct GROUP BY cid))
GROUP BY month ORDER BY month
