SELECT arrayJoin([1, 2, 3]) AS step, [countIf(l >= 1), countIf(l >= 2), countIf(l >= 3)][step] AS customers FROM (
  SELECT cid, windowFunnel(604800)(ts, event = 'view', event = 'add_to_cart', event = 'pay') AS l FROM ct
  WHERE event IN ('view', 'add_to_cart', 'pay') AND ts >= '2022-10-01' AND ts < '2023-01-01'
  GROUP BY cid SETTINGS optimize_aggregation_in_order = 1)
ORDER BY step
