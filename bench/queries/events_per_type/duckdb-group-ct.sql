-- group by an enum
SELECT event::VARCHAR AS event, count(*) AS events FROM ct.events GROUP BY ALL ORDER BY events DESC, event
