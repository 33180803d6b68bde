-- by the number of the customer; the id only in the answer
SELECT format('c{:08d}', cid) AS customer, spend
FROM (SELECT cid, sum(amount) AS spend FROM ect.events WHERE event = 'pay' GROUP BY cid ORDER BY spend DESC, cid LIMIT 100)
ORDER BY spend DESC, customer
