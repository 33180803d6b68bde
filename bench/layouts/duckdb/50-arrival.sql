-- events in the order of arrival (by ts); texts as enums
ATTACH '{db}/ct.duckdb' AS ct (READ_ONLY);
ATTACH '{db}/arrival.duckdb' AS arrival;
CREATE TABLE arrival.events AS FROM ct.events ORDER BY ts, cid;
CHECKPOINT arrival;
