-- Revenue, orders, buyers, average order by channel and month
-- Of the pays of each month and channel: sum of amounts, number, distinct customers, amount by number; by month, channel.
SELECT date_trunc('month', ts)::date AS month, channel, sum(amount) AS revenue, count(*) AS orders,
  count(DISTINCT customer) AS buyers, revenue / orders AS average
FROM events WHERE event = 'pay' GROUP BY ALL ORDER BY month, channel
