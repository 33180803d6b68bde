-- Top customers by spend
-- The 100 customers with the largest sum of amounts of their pays; equal sums by id.
SELECT customer, sum(amount) AS spend FROM events WHERE event = 'pay' GROUP BY customer ORDER BY spend DESC, customer LIMIT 100
