-- group by an enum
SELECT event::VARCHAR AS event, count(*) AS events FROM ect.events GROUP BY ALL ORDER BY events DESC, event
