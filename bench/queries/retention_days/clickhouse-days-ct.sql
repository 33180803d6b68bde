-- the days of each follower as an array
SELECT arrayJoin([0, 1, 3, 7, 14, 30]) AS period, countIf(has(days, d + period)) AS customers
FROM (
  SELECT cid, toDate(minIf(ts, event = 'follow')) AS d, groupUniqArray(toDate(ts)) AS days
  FROM ct WHERE cid IN (SELECT cid FROM ect WHERE event = 'follow') GROUP BY cid)
GROUP BY period ORDER BY period
