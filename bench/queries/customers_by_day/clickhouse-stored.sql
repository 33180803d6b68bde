-- bitmaps that are kept for each event and day
SELECT day, groupBitmapMerge(members) AS customers FROM event_days GROUP BY day ORDER BY day
