-- running counts of the distinct differences
WITH g AS (
  SELECT d, count() AS c FROM (
    SELECT arrayJoin(arrayPopFront(arrayDifference(arraySort(groupArray(toUInt32(ts)))))) AS d
    FROM ect WHERE event = 'pay' GROUP BY cid)
  GROUP BY d)
SELECT any(n), minIf(d, upto >= n * 0.25), minIf(d, upto >= n * 0.5), minIf(d, upto >= n * 0.75)
FROM (SELECT d, sum(c) OVER (ORDER BY d) AS upto, sum(c) OVER () AS n FROM g)
