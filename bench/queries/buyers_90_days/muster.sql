-- Buyers of the last 90 days
-- Customers with a pay on 2022-10-03 or later; one number.
SELECT count(DISTINCT customer) FROM events WHERE event = 'pay' AND ts >= '2022-10-03'
