-- the part that the rank falls in: the first n % 5 parts have one more than the others
SELECT if(r < long, intDiv(r, q + 1), intDiv(r - long, q) + intDiv(long, q + 1)) + 1 AS rp,
  if(f < long, intDiv(f, q + 1), intDiv(f - long, q) + intDiv(long, q + 1)) + 1 AS fp,
  if(m < long, intDiv(m, q + 1), intDiv(m - long, q) + intDiv(long, q + 1)) + 1 AS mp, count() AS customers
FROM (
  SELECT toInt64(rank() OVER (ORDER BY r0)) - 1 AS r, toInt64(rank() OVER (ORDER BY f0)) - 1 AS f,
    toInt64(rank() OVER (ORDER BY m0)) - 1 AS m, toInt64(count() OVER ()) AS n, intDiv(n, 5) AS q, (n % 5) * (q + 1) AS long
  FROM (
    SELECT cid, -toInt32(toDate('2023-01-01') - toDate(max(ts))) AS r0, count() AS f0, sum(amount) AS m0
    FROM ect WHERE event = 'pay' AND ts >= '2022-01-01' AND ts < '2023-01-01' GROUP BY cid))
GROUP BY rp, fp, mp ORDER BY rp, fp, mp
