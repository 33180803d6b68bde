-- events sorted by (event, customer, ts); texts as enums
ATTACH '{db}/ct.duckdb' AS ct (READ_ONLY);
ATTACH '{db}/ect.duckdb' AS ect;
CREATE TABLE ect.events AS FROM ct.events ORDER BY event, cid, ts;
CHECKPOINT ect;
