SELECT if(t.cid <> 0 AND p.ts - t.ts < 604800, toString(t.touched), 'none') AS channel, count() AS conversions, sum(p.amount) AS revenue
FROM (SELECT cid, ts, amount FROM ect_month WHERE event = 'pay') AS p
ASOF LEFT JOIN (
  SELECT cid, ts, min(channel) AS touched FROM ect_month
  WHERE event IN ('ad_click', 'message_open', 'store_visit') AND cid IN (SELECT cid FROM ect_month WHERE event = 'pay')
  GROUP BY cid, ts) AS t
ON p.cid = t.cid AND p.ts >= t.ts GROUP BY channel ORDER BY channel
