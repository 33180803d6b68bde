-- each customer's times; a session is the place where it begins and that where the next does
SELECT toStartOfMonth(toDateTime(t, 'UTC')) AS month, count() AS sessions, sum(n) AS events
FROM (
  SELECT arraySort(groupArray(toUInt32(ts))) AS times,
    arrayFilter((i, d) -> i = 1 OR d > 1800, arrayEnumerate(times), arrayDifference(times)) AS starts
  FROM ct GROUP BY cid
  SETTINGS optimize_aggregation_in_order = 1
)
ARRAY JOIN arrayMap(i -> times[i], starts) AS t, arrayMap((i, j) -> j - i, starts, arrayPushBack(arrayPopFront(starts), length(times) + 1)) AS n
GROUP BY month ORDER BY month;
