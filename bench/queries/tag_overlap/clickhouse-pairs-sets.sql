-- all sets in one array, pairs of it
WITH (SELECT groupArray((toString(tag), members)) FROM (SELECT tag, members FROM tag_sets WHERE value = '' ORDER BY toString(tag))) AS s
SELECT s[i].1 AS a, s[j].1 AS b, bitmapAndCardinality(s[i].2, s[j].2) AS customers
FROM (SELECT arrayJoin(range(1, 61)) AS i) AS one CROSS JOIN (SELECT arrayJoin(range(1, 61)) AS j) AS two
WHERE i < j ORDER BY a, b
