-- grouped by the enum, its text only in the answer
SELECT CAST(event AS VARCHAR) AS event, events
FROM (SELECT event, count(*) AS events FROM ect.events GROUP BY event)
ORDER BY events DESC, 1;
