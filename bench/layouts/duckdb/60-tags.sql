-- tags as rows (tag, customer, value) sorted by (tag, customer); tags as an enum
ATTACH '{db}/tags.duckdb' AS tags;
USE tags;
CREATE TYPE e_tag AS ENUM (
  SELECT DISTINCT tag FROM read_csv('{data}/tags.csv', header = true,
    columns = {'customer': 'VARCHAR', 'tag': 'VARCHAR', 'value': 'VARCHAR'}) ORDER BY 1);
CREATE TABLE tags.tags AS
SELECT CAST(tag AS e_tag) AS tag, CAST(substr(customer, 2) AS INTEGER) AS cid, value
FROM read_csv('{data}/tags.csv', header = true, columns = {'customer': 'VARCHAR', 'tag': 'VARCHAR', 'value': 'VARCHAR'})
ORDER BY 1, 2;
CHECKPOINT tags;
