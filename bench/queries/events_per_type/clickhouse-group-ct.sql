SELECT event, count() AS events FROM ct GROUP BY event ORDER BY events DESC, event
