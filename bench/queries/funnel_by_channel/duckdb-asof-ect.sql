-- for each event of a step the latest chain that ends before it, by ASOF joins; of all ends of chains the deepest, then
-- the first, then the smallest channel
WITH v AS MATERIALIZED (
    SELECT cid, ts, min(channel) AS channel FROM ect.events
    WHERE event = 'view' AND ts >= '2022-10-01' AND ts < '2023-01-01' GROUP BY cid, ts),
  k AS (SELECT cid, ts FROM ect.events WHERE event = 'add_to_cart' AND ts >= '2022-10-01' AND ts < '2023-01-01'),
  p AS (SELECT cid, ts FROM ect.events WHERE event = 'pay' AND ts >= '2022-10-01' AND ts < '2023-01-01'),
  s2 AS MATERIALIZED (SELECT k.cid, k.ts, v.ts AS start, v.channel FROM k ASOF JOIN v ON k.cid = v.cid AND k.ts >= v.ts),
  s3 AS (SELECT p.cid, p.ts, s2.start, s2.channel FROM p ASOF JOIN s2 ON p.cid = s2.cid AND p.ts >= s2.ts),
  ends AS (
    SELECT cid, (1::BIGINT << 44) + ((4294967295 - epoch(ts)::BIGINT) << 4) + 15 - enum_code(channel) AS rank FROM v
    UNION ALL
    SELECT cid, (2::BIGINT << 44) + ((4294967295 - epoch(ts)::BIGINT) << 4) + 15 - enum_code(channel) FROM s2
    WHERE ts - start <= INTERVAL 7 DAY
    UNION ALL
    SELECT cid, (3::BIGINT << 44) + ((4294967295 - epoch(ts)::BIGINT) << 4) + 15 - enum_code(channel) FROM s3
    WHERE ts - start <= INTERVAL 7 DAY),
  g AS (SELECT cid, max(rank) AS best FROM ends GROUP BY cid)
SELECT ['app', 'email', 'jd', 'sms', 'store', 'tmall', 'web', 'wechat'][15 - (best & 15) + 1] AS channel, step, count(*) AS customers
FROM g, range(1, 4) AS r(step) WHERE best >> 44 >= step GROUP BY ALL ORDER BY ALL
