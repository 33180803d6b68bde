-- the people first: only their events are grouped
WITH wanted AS MATERIALIZED (SELECT cid FROM people.customers WHERE tier >= 2 AND (mask & 1) <> 0)
SELECT count(*) FROM (
  SELECT cid FROM ect.events SEMI JOIN wanted USING (cid) WHERE event = 'pay' AND ts >= '2022-07-05'
  GROUP BY cid HAVING count(*) >= 2 AND sum(amount) >= 500)
