-- Repurchase cohorts by month
-- Customers by the month of their first pay, ever, and how many of them paid again in the first to twelfth month after;
-- pairs without anyone are left out.
SELECT cohort, period, customers
FROM retention(events, start => event = 'pay', back => event = 'pay', unit => 'month', periods => 12)
WHERE period >= 1 AND customers > 0 ORDER BY cohort, period
