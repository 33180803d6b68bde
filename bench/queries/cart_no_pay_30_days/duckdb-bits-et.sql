-- two strings with a bit per customer
SELECT bit_count(c.s & ~p.s) AS customers
FROM (SELECT bitstring_agg(cid) AS s FROM et.events WHERE event = 'add_to_cart' AND ts >= '2022-12-02') AS c,
  (SELECT bitstring_agg(cid) AS s FROM et.events WHERE event = 'pay' AND ts >= '2022-12-02') AS p;
