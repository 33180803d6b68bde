-- the events of each customer as a sorted array of numbers, folded; state: latest start, latest start with a cart, best
SELECT ['app', 'email', 'jd', 'sms', 'store', 'tmall', 'web', 'wechat'][15 - bitAnd(best, 15)] AS channel,
  arrayJoin(range(1, 4)) AS step, countIf(bitShiftRight(best, 44) >= step) AS customers
FROM (
  SELECT arrayFold((acc, x) -> multiIf(
      bitAnd(intDiv(x, 16), 3) = 0,
        (toUInt64(intDiv(x, 64) * 16 + bitAnd(x, 15)), acc.2,
         greatest(acc.3, toUInt64(1 * 17592186044416 + (4294967295 - intDiv(x, 64)) * 16 + bitAnd(x, 15)))),
      bitAnd(intDiv(x, 16), 3) = 1,
        (acc.1, acc.1, greatest(acc.3, toUInt64(if(acc.1 > 0 AND intDiv(x, 64) - intDiv(acc.1, 16) <= 604800,
          2 * 17592186044416 + (4294967295 - intDiv(x, 64)) * 16 + bitAnd(acc.1, 15), 0)))),
      (acc.1, acc.2, greatest(acc.3, toUInt64(if(acc.2 > 0 AND intDiv(x, 64) - intDiv(acc.2, 16) <= 604800,
          3 * 17592186044416 + (4294967295 - intDiv(x, 64)) * 16 + bitAnd(acc.2, 15), 0))))),
    arraySort(groupArray(toUInt64(toUInt64(toUnixTimestamp(ts)) * 64 +
      transform(toString(event), ['view', 'add_to_cart', 'pay'], [0, 1, 2], 3) * 16 + 15 - toInt8(channel)))),
    (toUInt64(0), toUInt64(0), toUInt64(0))).3 AS best
  FROM ct_month WHERE event IN ('view', 'add_to_cart', 'pay') AND ts >= '2022-10-01' AND ts < '2023-01-01'
  GROUP BY cid)
WHERE best > 0 GROUP BY channel, step HAVING customers > 0 ORDER BY channel, step
