-- each mask once, tried with each pair
WITH masks AS (SELECT mask, count(*) AS n FROM people.customers GROUP BY mask HAVING bit_count(mask) > 1),
pairs AS (
  SELECT a.bit AS x, b.bit AS y, a.tag AS a, b.tag AS b
  FROM people.tag_names AS a JOIN people.tag_names AS b ON a.bit < b.bit
),
counted AS (
  SELECT x, y, sum(n) AS n
  FROM masks JOIN pairs ON (mask >> x::UBIGINT) & (mask >> y::UBIGINT) & 1 = 1
  GROUP BY ALL
)
SELECT a, b, CAST(coalesce(n, 0) AS BIGINT) AS customers
FROM pairs LEFT JOIN counted USING (x, y)
ORDER BY x, y;
