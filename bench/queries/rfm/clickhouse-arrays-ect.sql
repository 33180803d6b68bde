-- a value is in part j + 1 if it is above the last value of part j; sorted arrays give those
WITH x AS (
    SELECT cid, -toInt32(toDate('2023-01-01') - toDate(max(ts))) AS r, count() AS f, sum(amount) AS m
    FROM ect WHERE event = 'pay' AND ts >= '2022-01-01' AND ts < '2023-01-01' GROUP BY cid)
SELECT 1 + arrayCount(t -> r > t, tr) AS rp, 1 + arrayCount(t -> f > t, tf) AS fp, 1 + arrayCount(t -> m > t, tm) AS mp,
  count() AS customers
FROM (
  SELECT groupArray(r) AS rs, groupArray(f) AS fs, groupArray(m) AS ms, length(rs) AS n,
    arrayMap(j -> j * intDiv(n, 5) + least(j, n % 5), [1, 2, 3, 4]) AS ends,
    arraySort(rs) AS sr, arraySort(fs) AS sf, arraySort(ms) AS sm,
    arrayMap(e -> sr[e], ends) AS tr, arrayMap(e -> sf[e], ends) AS tf, arrayMap(e -> sm[e], ends) AS tm
  FROM x)
ARRAY JOIN rs AS r, fs AS f, ms AS m
GROUP BY rp, fp, mp ORDER BY rp, fp, mp
