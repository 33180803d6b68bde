-- the days of each follower
SELECT period, customers
FROM (
  SELECT [count(), countIf(has(days, day + 1)), countIf(has(days, day + 3)), countIf(has(days, day + 7)),
    countIf(has(days, day + 14)), countIf(has(days, day + 30))] AS n
  FROM (
    SELECT cid, toDate(minIf(ts, event = 'follow')) AS day, groupUniqArray(toDate(ts)) AS days
    FROM ct WHERE cid IN (SELECT cid FROM ect WHERE event = 'follow')
    GROUP BY cid
  )
)
ARRAY JOIN n AS customers, [0, 1, 3, 7, 14, 30] AS period
ORDER BY period;
