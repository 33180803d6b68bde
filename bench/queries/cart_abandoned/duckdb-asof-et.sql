-- for each cart the next pay
WITH carts AS (SELECT cid, ts FROM et.events WHERE event = 'add_to_cart' AND ts >= '2022-12-02' AND ts < '2022-12-31'),
pays AS (SELECT cid, ts FROM et.events WHERE event = 'pay' AND ts >= '2022-12-02')
SELECT count(DISTINCT c.cid) AS customers
FROM carts AS c ASOF LEFT JOIN pays AS p ON c.cid = p.cid AND c.ts <= p.ts
WHERE p.ts IS NULL OR p.ts - c.ts > INTERVAL 24 HOUR;
