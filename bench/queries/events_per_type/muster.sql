-- Events per type
-- How many events have each name; the most frequent first, equal counts by name.
SELECT event, count(*) AS events FROM events GROUP BY event ORDER BY events DESC, event
