SELECT make_date(2021 + m // 12, m % 12 + 1, 1) AS month, channel::VARCHAR AS channel, revenue, orders, buyers,
  revenue::DOUBLE / orders AS average
FROM (
  SELECT channel, (year(ts) - 2021) * 12 + month(ts) - 1 AS m, sum(amount) AS revenue, count(*) AS orders,
    count(DISTINCT cid) AS buyers
  FROM ect.events WHERE event = 'pay' GROUP BY ALL)
ORDER BY month, channel
