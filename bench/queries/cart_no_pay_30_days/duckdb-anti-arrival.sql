SELECT count(*) AS customers
FROM (SELECT DISTINCT cid FROM arrival.events WHERE event = 'add_to_cart' AND ts >= '2022-12-02') AS c
ANTI JOIN (SELECT cid FROM arrival.events WHERE event = 'pay' AND ts >= '2022-12-02') AS p USING (cid);
