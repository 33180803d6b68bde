-- grouped as the rows are sorted
SELECT concat('c', leftPad(toString(cid), 8, '0')) AS customer, spend
FROM (SELECT cid, sum(amount) AS spend FROM ect WHERE event = 'pay' GROUP BY event, cid ORDER BY spend DESC, cid LIMIT 100)
ORDER BY spend DESC, customer
SETTINGS optimize_aggregation_in_order = 1
