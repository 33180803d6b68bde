-- the running maximum of a key of time and 15 - channel for each customer; a touch stands before a pay of its second
SELECT if(s > 0 AND t - intDiv(s, 16) < 604800,
    ['app', 'email', 'jd', 'sms', 'store', 'tmall', 'web', 'wechat'][15 - bitAnd(s, 15)], 'none') AS channel,
  count() AS conversions, sum(amount) AS revenue
FROM (
  SELECT event, amount, t, max(if(event = 'pay', 0, k)) OVER (PARTITION BY cid ORDER BY t * 2 + (event = 'pay') ROWS UNBOUNDED PRECEDING) AS s
  FROM (
    SELECT cid, event, amount, toUInt64(toUnixTimestamp(ts)) AS t, t * 16 + 15 - toUInt64(toInt8(channel)) AS k
    FROM ect WHERE event IN ('ad_click', 'message_open', 'store_visit', 'pay')))
WHERE event = 'pay' GROUP BY channel ORDER BY channel
