-- the days after the follow as bits
WITH firsts AS MATERIALIZED (
  SELECT cid, CAST(min(ts) AS DATE) AS day FROM ect.events WHERE event = 'follow' GROUP BY cid
),
back AS MATERIALIZED (
  SELECT e.cid, bit_or(1::BIGINT << (CAST(ts AS DATE) - day)) AS days
  FROM ct.events AS e JOIN firsts USING (cid)
  WHERE CAST(ts AS DATE) - day IN (1, 3, 7, 14, 30)
  GROUP BY e.cid
)
SELECT period, CASE period WHEN 0 THEN (SELECT count(*) FROM firsts) ELSE (SELECT count(*) FROM back WHERE (days >> period) & 1 = 1) END AS customers
FROM (VALUES (0), (1), (3), (7), (14), (30)) AS p(period)
ORDER BY period;
