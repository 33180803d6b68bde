-- the events of each customer as a sorted array, cut at the first view
SELECT step, from_event, to_event, customers FROM (
  SELECT step, toString(z[step].2) AS from_event, toString(z[step + 1].2) AS to_event, count() AS customers
  FROM (
    SELECT arraySlice(s, indexOf(arrayMap(e -> e.2, s), 'view'), 4) AS z
    FROM (SELECT arraySort(groupArray((ts, toString(event)))) AS s FROM ct_month
          WHERE ts >= '2022-10-01' AND ts < '2023-01-01' GROUP BY cid HAVING countIf(event = 'view') > 0))
  ARRAY JOIN [1, 2, 3] AS step WHERE length(z) > step
  GROUP BY step, from_event, to_event
  ORDER BY step, customers DESC, from_event, to_event LIMIT 10 BY step)
ORDER BY step, customers DESC, from_event, to_event
