-- a stored bitmap for each tag
SELECT a.tag AS a, b.tag AS b, bitmapAndCardinality(a.members, b.members) AS customers
FROM (SELECT toString(tag) AS tag, members FROM tag_sets WHERE value = '') AS a
CROSS JOIN (SELECT toString(tag) AS tag, members FROM tag_sets WHERE value = '') AS b
WHERE a.tag < b.tag ORDER BY a, b
