-- A threshold is the value before the first place of a bucket, taken from sorted arrays.
SELECT 1 + (d > ds[1]) + (d > ds[2]) + (d > ds[3]) + (d > ds[4]) AS r,
  1 + (f > fs[1]) + (f > fs[2]) + (f > fs[3]) + (f > fs[4]) AS f5,
  1 + (m > ms[1]) + (m > ms[2]) + (m > ms[3]) + (m > ms[4]) AS m5,
  count() AS customers
FROM (
  SELECT groupArray((d, f, m)) AS z, arrayMap(j -> j * intDiv(count(), 5) + least(j, count() % 5), [1, 2, 3, 4]) AS p,
    arraySort(groupArray(d)) AS da, arraySort(groupArray(f)) AS fa, arraySort(groupArray(m)) AS ma,
    arrayMap(i -> da[i], p) AS ds, arrayMap(i -> fa[i], p) AS fs, arrayMap(i -> ma[i], p) AS ms
  FROM (
    SELECT toUInt16(toDate(max(ts))) AS d, toUInt32(count()) AS f, sum(amount) AS m
    FROM ect WHERE event = 'pay' AND ts >= '2022-01-01 00:00:00' AND ts < '2023-01-01 00:00:00' GROUP BY cid
  )
)
ARRAY JOIN z.1 AS d, z.2 AS f, z.3 AS m
GROUP BY r, f5, m5 ORDER BY r, f5, m5;
