WITH p AS (SELECT cid, ts, amount FROM ect.events WHERE event = 'pay'),
  t AS (SELECT cid, ts, min(channel) AS channel FROM ect.events
        WHERE event IN ('ad_click', 'message_open', 'store_visit') GROUP BY cid, ts)
SELECT coalesce(CASE WHEN p.ts - t.ts < INTERVAL 7 DAY THEN t.channel::VARCHAR END, 'none') AS channel,
  count(*) AS conversions, sum(amount) AS revenue
FROM p ASOF LEFT JOIN t ON p.cid = t.cid AND p.ts >= t.ts GROUP BY 1 ORDER BY 1
