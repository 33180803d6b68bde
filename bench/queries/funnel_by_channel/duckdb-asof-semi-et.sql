-- A view is a number: its time, then 15 less its channel's place. A chain is a number too: its depth, how early it
-- finishes, and its channel; the largest of a customer counts.
WITH views AS (
  SELECT cid, (CAST(epoch(ts) AS BIGINT) << 4) + 15 - enum_code(channel) AS v
  FROM et.events WHERE event = 'view' AND ts >= '2022-10-01' AND ts < '2023-01-01'
),
carts AS (SELECT cid, CAST(epoch(ts) AS BIGINT) AS t FROM et.events WHERE event = 'add_to_cart' AND ts >= '2022-10-01'),
pays AS (SELECT cid, CAST(epoch(ts) AS BIGINT) AS t FROM et.events WHERE event = 'pay' AND ts >= '2022-10-01' AND cid IN (SELECT cid FROM carts)),
second AS MATERIALIZED (
  SELECT c.cid, c.t, v.v
  FROM (SELECT cid, t, (t << 4) + 15 AS e FROM carts) AS c
  ASOF JOIN (SELECT * FROM views WHERE cid IN (SELECT cid FROM carts)) AS v ON c.cid = v.cid AND c.e >= v.v
  WHERE c.t - (v.v >> 4) <= 604800
),
third AS (
  SELECT p.cid, p.t, s.v
  FROM pays AS p ASOF JOIN second AS s ON p.cid = s.cid AND p.t >= s.t
  WHERE p.t - (s.v >> 4) <= 604800
),
chains AS (
  SELECT cid, (1::BIGINT << 44) + (((1::BIGINT << 36) - (v >> 4)) << 4) + (v & 15) AS k FROM views
  UNION ALL
  SELECT cid, (2::BIGINT << 44) + (((1::BIGINT << 36) - t) << 4) + (v & 15) FROM second
  UNION ALL
  SELECT cid, (3::BIGINT << 44) + (((1::BIGINT << 36) - t) << 4) + (v & 15) FROM third
),
best AS (SELECT cid, max(k) AS k FROM chains GROUP BY cid),
counted AS (SELECT k >> 44 AS depth, 15 - (k & 15) AS c, count(*) AS n FROM best GROUP BY ALL)
SELECT ['app', 'email', 'jd', 'sms', 'store', 'tmall', 'web', 'wechat'][c + 1] AS channel, step, CAST(sum(n) AS BIGINT) AS customers
FROM counted JOIN (VALUES (1), (2), (3)) AS s(step) ON depth >= step
GROUP BY ALL ORDER BY channel, step;
