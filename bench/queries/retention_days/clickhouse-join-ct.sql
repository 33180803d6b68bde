WITH f AS (SELECT cid, toDate(min(ts)) AS d FROM ect WHERE event = 'follow' GROUP BY cid)
SELECT arrayJoin([0, 1, 3, 7, 14, 30]) AS period,
  if(period = 0, (SELECT count() FROM f), countIf(bitTest(b, toUInt8(period)))) AS customers
FROM (
  SELECT cid, groupBitOr(bitShiftLeft(toUInt64(1), toUInt8(toDate(e.ts) - f.d))) AS b
  FROM ct AS e JOIN f ON e.cid = f.cid WHERE toInt32(toDate(e.ts) - f.d) IN (1, 3, 7, 14, 30) GROUP BY cid)
GROUP BY period ORDER BY period
