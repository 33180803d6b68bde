SELECT toStartOfMonth(ts) AS month, channel, sum(amount) AS revenue, count() AS orders, uniqExact(cid) AS buyers,
  toFloat64(revenue) / orders AS average
FROM ect WHERE event = 'pay' GROUP BY month, channel ORDER BY month, toString(channel)
