SELECT arrayJoin(range(1, 7)) AS step, [countIf(l >= 1), countIf(l >= 2), countIf(l >= 3), countIf(l >= 4), countIf(l >= 5), countIf(l >= 6)][step] AS customers
FROM (
  SELECT cid, windowFunnel(2592000)(ts, event = 'page_view', event = 'search', event = 'view', event = 'add_to_cart', event = 'pay', event = 'refund') AS l
  FROM ect
  WHERE event IN ('page_view', 'search', 'view', 'add_to_cart', 'pay', 'refund')
  GROUP BY cid)
ORDER BY step
