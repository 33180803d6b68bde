-- A touch is a number: its time, then 15 less its channel's place.
SELECT ['app', 'email', 'jd', 'sms', 'store', 'tmall', 'web', 'wechat', 'none'][if(u.cid != 0 AND bitShiftRight(p.t, 4) - bitShiftRight(u.k, 4) < 604800, 15 - bitAnd(u.k, 15), 9)] AS channel,
  count() AS conversions, sum(p.amount) AS revenue
FROM (SELECT cid, toInt64(toUInt32(ts)) * 16 + 15 AS t, amount FROM ect WHERE event = 'pay') AS p
ASOF LEFT JOIN (
  SELECT cid, toInt64(toUInt32(ts)) * 16 + 15 - toUInt8(channel) AS k
  FROM ect WHERE event IN ('ad_click', 'message_open', 'store_visit') AND cid IN (SELECT cid FROM ect WHERE event = 'pay')
) AS u ON p.cid = u.cid AND p.t >= u.k
GROUP BY channel ORDER BY channel
SETTINGS join_algorithm = 'full_sorting_merge';
