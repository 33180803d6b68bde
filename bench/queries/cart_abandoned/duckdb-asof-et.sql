-- the next pay of each cart, by an ASOF join
WITH k AS (SELECT cid, ts FROM et.events WHERE event = 'add_to_cart' AND ts >= '2022-12-02' AND ts < '2022-12-31'),
  p AS (SELECT cid, ts FROM et.events WHERE event = 'pay' AND ts >= '2022-12-02')
SELECT count(DISTINCT k.cid) FROM k ASOF LEFT JOIN p ON k.cid = p.cid AND k.ts <= p.ts
WHERE p.ts IS NULL OR p.ts - k.ts > INTERVAL 24 HOUR
