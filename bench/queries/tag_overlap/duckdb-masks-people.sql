-- each mask once, opened into its tags, and those paired
WITH masks AS (SELECT mask, count(*) AS n FROM people.customers GROUP BY mask),
bits AS (
  SELECT n, list_filter(range(60), lambda i: (mask >> i::UBIGINT) & 1 = 1) AS l FROM masks
),
firsts AS (SELECT n, l, unnest(l) AS x FROM bits),
pairs AS (SELECT n, x, unnest(l) AS y FROM firsts),
counted AS (SELECT x, y, sum(n) AS n FROM pairs WHERE x < y GROUP BY ALL)
SELECT a.tag AS a, b.tag AS b, CAST(coalesce(n, 0) AS BIGINT) AS customers
FROM people.tag_names AS a JOIN people.tag_names AS b ON a.bit < b.bit
LEFT JOIN counted ON x = a.bit AND y = b.bit
ORDER BY a.bit, b.bit;
