-- tier 2 is gold, 3 platinum; app_user is bit 0 of the mask
WITH paid AS (
  SELECT cid FROM et.events WHERE event = 'pay' AND ts >= '2022-07-05'
  GROUP BY cid HAVING count(*) >= 2 AND sum(amount) >= 500)
SELECT count(*) FROM people.customers SEMI JOIN paid USING (cid) WHERE tier >= 2 AND (mask & 1) <> 0
