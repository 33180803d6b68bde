-- quantileExactLow is the discrete quantile at one half; at the others the sorted place is asked for
SELECT n, s[toUInt64(ceil(n * 0.25))], s[toUInt64(ceil(n * 0.5))], s[toUInt64(ceil(n * 0.75))] FROM (
  SELECT arraySort(groupArray(d)) AS s, length(s) AS n
  FROM (SELECT arrayJoin(arrayPopFront(arrayDifference(arraySort(groupArray(toUInt32(ts)))))) AS d
        FROM ect WHERE event = 'pay' GROUP BY cid))
