WITH k AS (SELECT cid, ts FROM et.events WHERE event = 'add_to_cart' AND ts >= '2022-12-02' AND ts < '2022-12-31'),
  p AS (SELECT cid, ts FROM et.events WHERE event = 'pay' AND ts >= '2022-12-02')
SELECT count(DISTINCT k.cid) FROM k
WHERE NOT EXISTS (SELECT 1 FROM p WHERE p.cid = k.cid AND p.ts >= k.ts AND p.ts <= k.ts + INTERVAL 24 HOUR)
