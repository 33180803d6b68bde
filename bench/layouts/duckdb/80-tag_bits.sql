-- a string of bits for each tag (and for each value of a tag), a bit per customer
ATTACH '{db}/tags.duckdb' AS tags (READ_ONLY);
ATTACH '{db}/tag_bits.duckdb' AS tag_bits;
CREATE TABLE tag_bits.tags AS
SELECT tag, value, members
FROM (
  SELECT CAST(tag AS VARCHAR) AS tag, '' AS value, bitstring_agg(cid) AS members FROM tags.tags GROUP BY ALL
  UNION ALL
  SELECT CAST(tag AS VARCHAR) AS tag, value, bitstring_agg(cid) AS members FROM tags.tags WHERE value <> '' GROUP BY ALL
)
ORDER BY tag, value;
CHECKPOINT tag_bits;
