-- Sessions by month
-- A session ends after more than 30 minutes of silence. By the month that a session begins in: how many sessions, and
-- how many events they have.
SELECT date_trunc('month', begun)::date AS month, count(*) AS sessions, sum(events) AS events
FROM (SELECT customer, session_no, min(ts) AS begun, count(*) AS events
      FROM sessions(events, gap => INTERVAL '30 minutes') GROUP BY customer, session_no)
GROUP BY month ORDER BY month
