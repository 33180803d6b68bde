SELECT event, count() AS events FROM ect GROUP BY event ORDER BY events DESC, event
