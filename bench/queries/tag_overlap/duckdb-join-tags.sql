-- rows of tags joined by customer
WITH n AS (SELECT DISTINCT tag FROM tags.tags),
  j AS (SELECT x.tag AS a, y.tag AS b, count(*) AS n FROM tags.tags AS x JOIN tags.tags AS y ON x.cid = y.cid AND x.tag < y.tag GROUP BY ALL)
SELECT a.tag::VARCHAR AS a, b.tag::VARCHAR AS b, coalesce(j.n, 0) AS customers
FROM n AS a JOIN n AS b ON a.tag < b.tag LEFT JOIN j ON j.a = a.tag AND j.b = b.tag ORDER BY 1, 2
