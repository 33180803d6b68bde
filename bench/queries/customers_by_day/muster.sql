-- Distinct customers by day
-- Of each day with events, how many customers had any; by day.
SELECT ts::date AS day, count(DISTINCT customer) AS customers FROM events GROUP BY day ORDER BY day
