-- Quantiles of the negated values, since quantileExact takes the place floor(n * q), and the definition ceil(n * q) - 1.
SELECT count() AS intervals, -quantileExact(0.75)(s) AS q25, -quantileExact(0.5)(s) AS q50, -quantileExact(0.25)(s) AS q75
FROM (
  SELECT arrayJoin(arrayPopFront(arrayDifference(arrayReverseSort(groupArray(toInt32(toUInt32(ts))))))) AS s
  FROM ect WHERE event = 'pay' GROUP BY cid HAVING count() > 1
  SETTINGS optimize_aggregation_in_order = 1
);
