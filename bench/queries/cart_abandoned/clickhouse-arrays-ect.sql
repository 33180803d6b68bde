-- carts and pays of each customer as arrays
SELECT count() FROM (
  SELECT cid, groupArrayIf(ts, event = 'add_to_cart' AND ts < '2022-12-31') AS carts, groupArrayIf(ts, event = 'pay') AS pays
  FROM ect WHERE event IN ('add_to_cart', 'pay') AND ts >= '2022-12-02'
  GROUP BY cid HAVING arrayExists(c -> NOT arrayExists(p -> p >= c AND p <= c + 86400, pays), carts))
