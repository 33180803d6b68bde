-- A touch is a number: its time, then 15 less its channel's place. Only touches of buyers are joined.
WITH pays AS (SELECT cid, (CAST(epoch(ts) AS BIGINT) << 4) + 15 AS t, amount FROM et.events WHERE event = 'pay'),
touches AS (
  SELECT cid, (CAST(epoch(ts) AS BIGINT) << 4) + 15 - enum_code(channel) AS k
  FROM et.events WHERE event IN ('ad_click', 'message_open', 'store_visit') AND cid IN (SELECT cid FROM et.events WHERE event = 'pay')
),
last AS (
  SELECT CASE WHEN (t >> 4) - (k >> 4) < 604800 THEN 15 - (k & 15) ELSE 8 END AS c, count(*) AS n, sum(amount) AS s
  FROM pays AS p ASOF LEFT JOIN touches AS u ON p.cid = u.cid AND p.t >= u.k
  GROUP BY c
)
SELECT ['app', 'email', 'jd', 'sms', 'store', 'tmall', 'web', 'wechat', 'none'][c + 1] AS channel, n AS conversions, s AS revenue
FROM last ORDER BY channel;
