-- by customer first, so that buyers are rows
WITH g AS (
    SELECT channel, (year(ts) - 2021) * 12 + month(ts) - 1 AS m, cid, sum(amount) AS s, count(*) AS n
    FROM ect.events WHERE event = 'pay' GROUP BY ALL)
SELECT make_date(2021 + m // 12, m % 12 + 1, 1) AS month, channel::VARCHAR AS channel, sum(s) AS revenue,
  sum(n)::BIGINT AS orders, count(*) AS buyers, sum(s)::DOUBLE / sum(n) AS average
FROM g GROUP BY channel, m ORDER BY month, channel
