WITH x AS (SELECT cid, ts, event::VARCHAR AS event FROM ct.events WHERE ts >= '2022-10-01' AND ts < '2023-01-01'
           AND cid IN (SELECT cid FROM ect.events WHERE event = 'view' AND ts >= '2022-10-01' AND ts < '2023-01-01')),
  a AS (SELECT *, max(CASE WHEN event = 'view' THEN 1 ELSE 0 END) OVER w AS begun,
          lead(event, 1) OVER o AS e1, lead(event, 2) OVER o AS e2, lead(event, 3) OVER o AS e3
        FROM x WINDOW w AS (PARTITION BY cid ORDER BY ts, event ROWS UNBOUNDED PRECEDING), o AS (PARTITION BY cid ORDER BY ts, event)),
  b AS (SELECT cid, event, e1, e2, e3 FROM a WHERE begun = 1 QUALIFY row_number() OVER (PARTITION BY cid ORDER BY ts, event) = 1),
  s AS (SELECT 1 AS step, event AS f, e1 AS t FROM b WHERE e1 IS NOT NULL
        UNION ALL SELECT 2, e1, e2 FROM b WHERE e2 IS NOT NULL UNION ALL SELECT 3, e2, e3 FROM b WHERE e3 IS NOT NULL),
  c AS (SELECT step, f, t, count(*) AS n FROM s GROUP BY ALL)
SELECT step, f AS from_event, t AS to_event, n AS customers FROM c
QUALIFY row_number() OVER (PARTITION BY step ORDER BY n DESC, f, t) <= 10 ORDER BY step, n DESC, f, t
