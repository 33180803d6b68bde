-- tags and tier from the row of the customer (app_user is bit 0)
WITH good AS (
  SELECT cid FROM et.events WHERE event = 'pay' AND ts >= '2022-07-05'
  GROUP BY cid HAVING count(*) >= 2 AND sum(amount) >= 500
)
SELECT count(*) AS customers FROM people.customers SEMI JOIN good USING (cid)
WHERE tier >= 2 AND mask & 1 <> 0;
