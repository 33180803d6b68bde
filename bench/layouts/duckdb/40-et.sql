-- events sorted by (event, ts); texts as enums
ATTACH '{db}/ct.duckdb' AS ct (READ_ONLY);
ATTACH '{db}/et.duckdb' AS et;
CREATE TABLE et.events AS FROM ct.events ORDER BY event, ts, cid;
CHECKPOINT et;
