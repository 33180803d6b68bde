SELECT count(*)
FROM (SELECT DISTINCT cid FROM et.events WHERE event = 'add_to_cart' AND ts >= '2022-12-02') AS cart
ANTI JOIN (SELECT cid FROM et.events WHERE event = 'pay' AND ts >= '2022-12-02') AS paid USING (cid)
