-- equal masks counted first
WITH m AS MATERIALIZED (SELECT mask, count(*) AS n FROM people.customers GROUP BY mask)
SELECT a.tag AS a, b.tag AS b,
  (coalesce(sum(n) FILTER (((mask >> a.bit::UBIGINT) & 1) = 1 AND ((mask >> b.bit::UBIGINT) & 1) = 1), 0))::BIGINT AS customers
FROM people.tag_names AS a JOIN people.tag_names AS b ON a.bit < b.bit, m GROUP BY ALL ORDER BY a, b
