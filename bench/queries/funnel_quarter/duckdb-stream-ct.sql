-- one pass over the events in order of customer and time: running maxima of a key of both
WITH x AS (
    SELECT cid, event, (cid::BIGINT << 32) + epoch(ts)::BIGINT AS k FROM ct.events
    WHERE event IN ('view', 'add_to_cart', 'pay') AND ts >= '2022-10-01' AND ts < '2023-01-01'),
  a AS (SELECT *, max(CASE WHEN event = 'view' THEN k END) OVER (ROWS UNBOUNDED PRECEDING) AS s1 FROM x),
  b AS (SELECT *, max(CASE WHEN event = 'add_to_cart' THEN s1 END) OVER (ROWS UNBOUNDED PRECEDING) AS s2 FROM a)
SELECT unnest([1, 2, 3]) AS step, unnest([
  count(DISTINCT cid) FILTER (event = 'view'),
  count(DISTINCT cid) FILTER (event = 'add_to_cart' AND k - s1 <= 604800),
  count(DISTINCT cid) FILTER (event = 'pay' AND k - s2 <= 604800)]) AS customers
FROM b
