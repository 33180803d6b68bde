-- the events of each customer in order, cut at the first view
SELECT step, a AS from_event, b AS to_event, sum(n) AS customers
FROM (
  SELECT p, count() AS n
  FROM (
    SELECT arraySort(groupArray((toUInt32(ts), event))) AS z,
      arraySlice(z.2, indexOf(z.2, 'view'), 4) AS p
    FROM ct_month WHERE ts >= '2022-10-01 00:00:00' AND ts < '2023-01-01 00:00:00'
      AND cid IN (SELECT cid FROM ect_month WHERE event = 'view' AND ts >= '2022-10-01 00:00:00' AND ts < '2023-01-01 00:00:00')
    GROUP BY cid HAVING has(z.2, 'view')
  )
  GROUP BY p
)
ARRAY JOIN arrayPopBack(p) AS a, arrayPopFront(p) AS b, range(1, length(p)) AS step
GROUP BY step, from_event, to_event
ORDER BY step, customers DESC, from_event, to_event
LIMIT 10 BY step;
