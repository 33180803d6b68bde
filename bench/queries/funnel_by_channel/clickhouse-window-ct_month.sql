-- running maxima of a key of time and channel for each customer; of all ends of chains the deepest, then the first, then
-- the smallest channel
SELECT ['app', 'email', 'jd', 'sms', 'store', 'tmall', 'web', 'wechat'][15 - bitAnd(best, 15)] AS channel,
  arrayJoin(range(1, 4)) AS step, countIf(bitShiftRight(best, 44) >= step) AS customers
FROM (
  SELECT cid, max(multiIf(
      event = 'view', toUInt64(1) * 17592186044416 + (4294967295 - t) * 16 + bitAnd(k, 15),
      event = 'add_to_cart' AND s1 > 0 AND t - intDiv(s1, 16) <= 604800,
        toUInt64(2) * 17592186044416 + (4294967295 - t) * 16 + bitAnd(s1, 15),
      event = 'pay' AND s2 > 0 AND t - intDiv(s2, 16) <= 604800,
        toUInt64(3) * 17592186044416 + (4294967295 - t) * 16 + bitAnd(s2, 15), 0)) AS best
  FROM (
    SELECT *, max(if(event = 'add_to_cart', s1, 0)) OVER w AS s2
    FROM (
      SELECT *, max(if(event = 'view', k, 0)) OVER w AS s1
      FROM (
        SELECT cid, event, toUInt64(toUnixTimestamp(ts)) AS t, t * 16 + 15 - toUInt64(toInt8(channel)) AS k,
          t * 4 + transform(toString(event), ['view', 'add_to_cart', 'pay'], [0, 1, 2], 3) AS place
        FROM ct_month WHERE event IN ('view', 'add_to_cart', 'pay') AND ts >= '2022-10-01' AND ts < '2023-01-01')
      WINDOW w AS (PARTITION BY cid ORDER BY place ROWS UNBOUNDED PRECEDING))
    WINDOW w AS (PARTITION BY cid ORDER BY place ROWS UNBOUNDED PRECEDING))
  GROUP BY cid)
WHERE best > 0 GROUP BY channel, step HAVING customers > 0 ORDER BY channel, step
