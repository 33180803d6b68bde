-- Overlap of 60 tags
-- For each of the 1,770 pairs of tags (the first before the second, in the order of their bytes) how many customers bear
-- both.
SELECT a.name AS a, b.name AS b, bitmap_count(a.members & b.members) AS customers
FROM (SELECT name, bitmap_union(members) AS members FROM tags GROUP BY name) AS a,
  (SELECT name, bitmap_union(members) AS members FROM tags GROUP BY name) AS b
WHERE a.name < b.name ORDER BY a, b
