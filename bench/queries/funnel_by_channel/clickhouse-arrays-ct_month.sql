-- A view is a number: its seconds since the quarter's begin, then 15 less its channel's place. A chain is a number too:
-- when it finishes, then 15 less its channel; the smallest of the deepest counts.
SELECT ['app', 'email', 'jd', 'sms', 'store', 'tmall', 'web', 'wechat'][15 - c] AS channel, step, count() AS customers
FROM (
  SELECT
    groupArrayIf(s * 16 + 15 - toUInt8(channel), event = 'view') AS views,
    groupArrayIf(s, event = 'add_to_cart') AS carts,
    groupArrayIf(s, event = 'pay') AS pays,
    arrayFilter(x -> x.2 > 0 AND x.1 - intDiv(x.2, 16) <= 604800,
      arrayMap(x -> (x, arrayMax(arrayMap(v -> if(v <= x * 16 + 15, v, 0), views))), carts)) AS second,
    arrayFilter(x -> x.2 > 0 AND x.1 - intDiv(x.2, 16) <= 604800,
      arrayMap(x -> (x, arrayMax(arrayMap(v -> if(v.1 <= x, v.2, 0), second))), pays)) AS third,
    multiIf(
      notEmpty(third), (3, bitAnd(arrayMin(arrayMap(x -> x.1 * 16 + bitAnd(x.2, 15), third)), 15)),
      notEmpty(second), (2, bitAnd(arrayMin(arrayMap(x -> x.1 * 16 + bitAnd(x.2, 15), second)), 15)),
      (1, 15 - bitAnd(arrayMin(arrayMap(x -> bitXor(x, 15), views)), 15))) AS chain,
    chain.1 AS depth, chain.2 AS c
  FROM (
    SELECT cid, event, channel, toUInt32(ts) - 1664582400 AS s FROM ct_month
    WHERE event IN ('view', 'add_to_cart', 'pay') AND ts >= '2022-10-01 00:00:00' AND ts < '2023-01-01 00:00:00'
  )
  GROUP BY cid
  HAVING notEmpty(views)
)
ARRAY JOIN range(1, depth + 1) AS step
GROUP BY channel, step ORDER BY channel, step;
