-- the times of each customer as a sorted array, differences of neighbours
SELECT count(), arrayElement(q, 1), arrayElement(q, 2), arrayElement(q, 3) FROM (
  SELECT groupArray(d) AS ds, arraySort(ds) AS s, length(s) AS n,
    arrayMap(p -> s[toUInt64(ceil(n * p))], [0.25, 0.5, 0.75]) AS q, n
  FROM (SELECT arrayJoin(arrayPopFront(arrayDifference(arraySort(groupArray(toUInt32(ts)))))) AS d
        FROM ect WHERE event = 'pay' GROUP BY cid))
ARRAY JOIN ds GROUP BY q
