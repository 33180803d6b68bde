-- one pass in order of customer and time: running maxima of a key of customer, time and channel; 15 - channel, so that
-- the largest key of a second has the smallest channel
WITH x AS (
    SELECT cid, event, epoch(ts)::BIGINT AS t,
      (cid::BIGINT << 36) + (epoch(ts)::BIGINT << 4) + 15 - enum_code(channel) AS k
    FROM ct.events WHERE event IN ('view', 'add_to_cart', 'pay') AND ts >= '2022-10-01' AND ts < '2023-01-01'),
  a AS (SELECT *, max(CASE WHEN event = 'view' THEN k END) OVER (ROWS UNBOUNDED PRECEDING) AS s1 FROM x),
  b AS (SELECT *, max(CASE WHEN event = 'add_to_cart' THEN s1 END) OVER (ROWS UNBOUNDED PRECEDING) AS s2 FROM a),
  g AS (
    SELECT cid, max(CASE
        WHEN event = 'view' THEN (1::BIGINT << 44) + ((4294967295 - t) << 4) + (k & 15)
        WHEN event = 'add_to_cart' AND s1 >> 36 = cid AND (k >> 4) - (s1 >> 4) <= 604800
          THEN (2::BIGINT << 44) + ((4294967295 - t) << 4) + (s1 & 15)
        WHEN event = 'pay' AND s2 >> 36 = cid AND (k >> 4) - (s2 >> 4) <= 604800
          THEN (3::BIGINT << 44) + ((4294967295 - t) << 4) + (s2 & 15) END) AS best
    FROM b GROUP BY cid)
SELECT ['app', 'email', 'jd', 'sms', 'store', 'tmall', 'web', 'wechat'][15 - (best & 15) + 1] AS channel, step, count(*) AS customers
FROM g, range(1, 4) AS r(step) WHERE best >> 44 >= step GROUP BY ALL ORDER BY ALL
