-- each mask once, opened into its tags, and those paired
WITH masks AS (SELECT bitPositionsToArray(mask) AS l, count() AS n FROM people GROUP BY mask)
SELECT p.a AS a, p.b AS b, c.n AS customers
FROM (
  SELECT x.tag AS a, y.tag AS b, x.i AS i, y.i AS j
  FROM (SELECT toString(tag) AS tag, rowNumberInAllBlocks() AS i FROM (SELECT DISTINCT tag FROM tag_sets ORDER BY tag)) AS x
  CROSS JOIN (SELECT toString(tag) AS tag, rowNumberInAllBlocks() AS i FROM (SELECT DISTINCT tag FROM tag_sets ORDER BY tag)) AS y
  WHERE x.i < y.i
) AS p
LEFT JOIN (
  SELECT i, j, sum(n) AS n
  FROM (SELECT n, l, i FROM masks ARRAY JOIN l AS i)
  ARRAY JOIN arrayFilter(k -> k > i, l) AS j
  GROUP BY i, j
) AS c ON p.i = c.i AND p.j = c.j
ORDER BY a, b;
