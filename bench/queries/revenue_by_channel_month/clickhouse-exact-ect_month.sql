SELECT toStartOfMonth(ts) AS month, channel, sum(amount) AS revenue, count() AS orders, uniqExact(cid) AS buyers,
  toFloat64(sum(amount)) / count() AS average
FROM ect_month WHERE event = 'pay'
GROUP BY month, channel ORDER BY month, channel;
