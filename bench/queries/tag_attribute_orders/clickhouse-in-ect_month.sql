SELECT count() AS customers
FROM (
  SELECT cid FROM ect_month
  WHERE event = 'pay' AND ts >= '2022-07-05 00:00:00' AND cid IN (SELECT cid FROM people WHERE tier >= 2 AND bitAnd(mask, 1) != 0)
  GROUP BY cid HAVING count() >= 2 AND sum(amount) >= 500
);
