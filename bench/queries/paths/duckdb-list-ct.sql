-- the events of each customer as a sorted list, cut at the first view
WITH g AS (
    SELECT list((epoch(ts)::BIGINT << 10) + enum_code(event) ORDER BY (epoch(ts)::BIGINT << 10) + enum_code(event)) AS z,
      min(CASE WHEN event = 'view' THEN (epoch(ts)::BIGINT << 10) + enum_code(event) END) AS v
    FROM ct.events WHERE ts >= '2022-10-01' AND ts < '2023-01-01' GROUP BY cid),
  h AS (SELECT z[list_position(z, v):list_position(z, v) + 3] AS z FROM g WHERE v IS NOT NULL),
  c AS (
    SELECT step, z[step] & 1023 AS f, z[step + 1] & 1023 AS t, count(*) AS n
    FROM h, range(1, 4) AS r(step) WHERE len(z) > step GROUP BY ALL),
  d AS (SELECT step, enum_range(NULL::ct.main.e_event)[f + 1]::VARCHAR AS f, enum_range(NULL::ct.main.e_event)[t + 1]::VARCHAR AS t, n FROM c)
SELECT step, f AS from_event, t AS to_event, n AS customers FROM d
QUALIFY row_number() OVER (PARTITION BY step ORDER BY n DESC, f, t) <= 10 ORDER BY step, n DESC, f, t
