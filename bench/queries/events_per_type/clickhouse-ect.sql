-- the same scan where the column is sorted, without the projection
SELECT event, count() AS events FROM ect GROUP BY event ORDER BY events DESC, event
SETTINGS optimize_use_projections = 0;
