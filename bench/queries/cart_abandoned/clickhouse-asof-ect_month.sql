-- the next pay of each cart, by an ASOF join
SELECT uniqExact(k.cid)
FROM (SELECT cid, ts FROM ect_month WHERE event = 'add_to_cart' AND ts >= '2022-12-02' AND ts < '2022-12-31') AS k
ASOF LEFT JOIN (SELECT cid, ts FROM ect_month WHERE event = 'pay' AND ts >= '2022-12-02') AS p
ON k.cid = p.cid AND k.ts <= p.ts WHERE p.cid = 0 OR p.ts - k.ts > 86400
