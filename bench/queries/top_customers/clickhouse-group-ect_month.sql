-- by the number of the customer; the id only in the answer
SELECT concat('c', leftPad(toString(cid), 8, '0')) AS customer, spend
FROM (SELECT cid, sum(amount) AS spend FROM ect_month WHERE event = 'pay' GROUP BY cid ORDER BY spend DESC, cid LIMIT 100)
ORDER BY spend DESC, customer
