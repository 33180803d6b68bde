-- one pass in order of customer and time: the running maximum of a key of customer, time and 15 - channel
WITH x AS (
    SELECT event, amount, (cid::BIGINT << 36) + (epoch(ts)::BIGINT << 4) + 15 - enum_code(channel) AS k
    FROM ct.events WHERE event IN ('ad_click', 'message_open', 'store_visit', 'pay')),
  a AS (SELECT *, max(CASE WHEN event <> 'pay' THEN k END) OVER (ROWS UNBOUNDED PRECEDING) AS s FROM x)
SELECT coalesce(CASE WHEN (k >> 4) - (s >> 4) < 604800
    THEN ['app', 'email', 'jd', 'sms', 'store', 'tmall', 'web', 'wechat'][15 - (s & 15) + 1] END, 'none') AS channel,
  count(*) AS conversions, sum(amount) AS revenue
FROM a WHERE event = 'pay' GROUP BY 1 ORDER BY 1
