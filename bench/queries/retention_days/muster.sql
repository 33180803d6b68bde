-- Retention on days 1, 3, 7, 14, 30
-- Of the customers who ever followed, from the day of their first follow: how many had any event on the first, third,
-- seventh, fourteenth, thirtieth day after it; period 0 is all of them.
SELECT period, sum(customers) AS customers
FROM retention(events, start => event = 'follow', back => true, unit => 'day', periods => 30)
WHERE period IN (0, 1, 3, 7, 14, 30) GROUP BY period ORDER BY period
