-- Quantiles of the negated values, since quantileExact takes the place floor(n * q), and the definition ceil(n * q) - 1.
SELECT count() AS intervals, -quantileExact(0.75)(s) AS q25, -quantileExact(0.5)(s) AS q50, -quantileExact(0.25)(s) AS q75
FROM (
  SELECT toInt32(lagInFrame(toUInt32(ts)) OVER w) - toInt32(toUInt32(ts)) AS s, row_number() OVER w AS n
  FROM ect WHERE event = 'pay'
  WINDOW w AS (PARTITION BY cid ORDER BY ts ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)
)
WHERE n > 1;
